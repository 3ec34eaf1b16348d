// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/sha256.h"

#include <gtest/gtest.h>

namespace ekya {
namespace {

// The examples of FIPS 180-4.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(Sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256().add("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, DoesNotSeeWhereThePartsMeet) {
  EXPECT_EQ(Sha256().add("a").add("").add("bc").hex(), Sha256().add("abc").hex());
}

}  // namespace
}  // namespace ekya
