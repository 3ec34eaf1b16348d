// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "ekya/learner/model.h"

namespace ekya::learner {
namespace {

using ::testing::HasSubstr;

/// A fresh process for each: the engine is looked for once.
void expect_unavailable(const char* path, const char* words) {
  setenv("EKYA_ENGINE_PATH", path, 1);
  const auto found = engine();
  if (!found && found.error().code == ErrorCode::kUnavailable && found.error().message.find(words) != std::string::npos)
    std::exit(0);
  std::fprintf(stderr, "%s\n", found ? "it was found" : found.error().message.c_str());
  std::exit(1);
}

TEST(EngineDeathTest, SaysWhereItLookedWhenItIsMissing) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(expect_unavailable("/nowhere/libekya-torch.so", "/nowhere/libekya-torch.so"),
              ::testing::ExitedWithCode(0), "");
}

TEST(EngineDeathTest, RefusesALibraryThatIsNoEngine) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(expect_unavailable("libm.so.6", "no symbol"), ::testing::ExitedWithCode(0), "");
}

TEST(Engine, IsTheSameAtEveryCall) {
  const auto first = engine(), second = engine();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, *second);
}

TEST(Engine, GivesWayToATestsEngine) {
  const auto real = engine();
  ASSERT_TRUE(real) << real.error().message;
  const auto* fake = reinterpret_cast<const Engine*>(&real);  // Never called.
  set_engine_for_testing(fake);
  EXPECT_EQ(*engine(), fake);
  set_engine_for_testing(nullptr);
  EXPECT_EQ(*engine(), *real);
}

}  // namespace
}  // namespace ekya::learner
