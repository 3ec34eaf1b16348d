// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/published.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace ekya {
namespace {

TEST(Published, GivesTheNewestValueAndTheOldOneBack) {
  Published<const int> published(std::make_shared<const int>(1));
  const auto before = published.snapshot();
  const auto old = published.exchange(std::make_shared<const int>(2));
  EXPECT_EQ(old, before);
  EXPECT_EQ(*before, 1);
  EXPECT_EQ(*published.snapshot(), 2);
}

TEST(Published, IsEmptyAtFirst) { EXPECT_EQ(Published<int>().snapshot(), nullptr); }

TEST(Published, NeverShowsAMixtureOfTwoValues) {
  using Value = std::array<int, 64>;
  const auto filled = [](int with) {
    auto value = std::make_shared<Value>();
    value->fill(with);
    return value;
  };
  Published<Value> published(filled(0));
  std::thread writer([&] {
    for (int i = 1; i <= 2000; ++i) published.exchange(filled(i));
  });
  int last = 0;
  while (last < 2000) {
    const auto value = published.snapshot();
    ASSERT_EQ(value->front(), value->back());
    ASSERT_GE(value->front(), last);
    last = value->front();
  }
  writer.join();
}

}  // namespace
}  // namespace ekya
