// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ekya/learner/state_folder.h"

namespace ekya::learner {
namespace {

using ::testing::HasSubstr;

class StateFolderTest : public ::testing::Test {
 protected:
  StateFolderTest() : path_(std::filesystem::temp_directory_path() / ("ekya-state-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
  }
  ~StateFolderTest() override { std::filesystem::remove_all(path_); }
  Result<StateFolder> open() { return open_state_folder(FileOps::system(), path_, {}); }

  const std::filesystem::path path_;
};

TEST_F(StateFolderTest, MakesAPrivateFolderAndOpensItAgain) {
  { ASSERT_TRUE(open()); }
  const auto state = open();
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_FALSE(state->newest.entry);
  EXPECT_TRUE(state->zoo->entries().empty());
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(StateFolderTest, HasOneOwner) {
  const auto first = open();
  ASSERT_TRUE(first) << first.error().message;
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
  EXPECT_THAT(second.error().message, HasSubstr("in use"));
}

TEST_F(StateFolderTest, LeavesWhatIsNotItsOwn) {
  std::filesystem::create_directories(path_);
  std::ofstream(path_ / "letter.txt") << "mine";
  const auto state = open();
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(state.error().message, HasSubstr("letter.txt"));
}

TEST_F(StateFolderTest, IsNoFile) {
  std::ofstream(path_) << "mine";
  EXPECT_THAT(open().error().message, HasSubstr("is no folder"));
}

}  // namespace
}  // namespace ekya::learner
