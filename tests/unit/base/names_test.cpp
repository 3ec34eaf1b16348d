// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"

namespace ekya {
namespace {

using ::testing::HasSubstr;

TEST(CheckName, AcceptsLettersDigitsUnderscoreAndHyphen) {
  EXPECT_TRUE(check_name("stream-id", "camera0"));
  EXPECT_TRUE(check_name("stream-id", "A-z_09"));
  EXPECT_TRUE(check_name("stream-id", std::string(64, 'a')));
}

TEST(CheckName, RefusesWhatCouldBecomeAPathOrAnEscape) {
  using namespace std::string_view_literals;
  for (const auto name : {"../x"sv, "a/b"sv, "."sv, ""sv, "a\0b"sv, "a\n"sv, "\x1b[31m"sv, "<script>"sv, "%2e%2e"sv,
                          "a b"sv, "\xc3\xa9"sv}) {
    SCOPED_TRACE(printable(name));
    const auto checked = check_name("stream-id", name);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(checked.error().message.find_first_of("\n\x1b"), std::string::npos);
  }
  EXPECT_THAT(check_name("stream-id", std::string(300, 'a')).error().message, HasSubstr("300 characters"));
}

TEST(CheckName, SaysWhichCharacterAndWhere) {
  EXPECT_THAT(check_name("stream-id", "ab\x07").error().message,
              HasSubstr("stream-id has the character '\\x07' at position 3"));
}

TEST(Printable, EscapesAllButPrintableAscii) {
  EXPECT_EQ(printable("a b~\n\x1b\xff"), "a b~\\x0a\\x1b\\xff");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, CutsLongText) { EXPECT_EQ(printable("abcdef", 3), "abc..."); }

}  // namespace
}  // namespace ekya
