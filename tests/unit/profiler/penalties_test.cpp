// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/penalties.h"

#include <gtest/gtest.h>

namespace ekya::profiler {
namespace {

int windows_out(Penalties& penalties) {
  int windows = 0;
  for (; penalties.suspended("a") && windows < 1000; ++windows) penalties.new_window();
  return windows;
}

TEST(Penalties, DoubleWithEachFailureUpTo64Windows) {
  Penalties penalties;
  EXPECT_FALSE(penalties.suspended("a"));
  for (const int windows : {2, 4, 8, 16, 32, 64, 64}) {
    penalties.failed("a");
    EXPECT_EQ(windows_out(penalties), windows);
  }
  EXPECT_FALSE(penalties.suspended("b"));
}

TEST(Penalties, StartAnewAfterASuccess) {
  Penalties penalties;
  penalties.failed("a");
  penalties.failed("a");
  penalties.succeeded("a");
  EXPECT_FALSE(penalties.suspended("a"));
  penalties.failed("a");
  EXPECT_EQ(windows_out(penalties), 2);
}

}  // namespace
}  // namespace ekya::profiler
