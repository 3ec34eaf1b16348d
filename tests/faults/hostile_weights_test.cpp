// SPDX-License-Identifier: LGPL-2.1-or-later
// Weights files that somebody made to do harm (X2): refused fast, with little memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <time.h>

#include "ekya/learner/weights_file.h"
#include "support/fault_temp_folder.h"
#include "support/fault_weights.h"

namespace ekya::learner {
namespace {

using ekya::testing::raw_weights;
using ::testing::HasSubstr;

double cpu_milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

/// `count` empty tensors whose names are as short as can be.
std::string tensors(std::size_t count) {
  std::string header = "{";
  for (std::size_t i = 0; i < count; ++i)
    header += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  return header + "}";
}

struct Hostile {
  const char* what;
  std::string header;
  const char* words;
};

TEST(HostileWeights, AreRefusedInFiftyMilliseconds) {
  const std::vector<Hostile> rows{
      {"100,000 tensors", tensors(100'000), "the header's length is"},
      {"as many tensors as fit into the header", tensors(19'000), "the header's length is"},
      {"nesting in an array", "{\"w\":{\"shape\":" + std::string(500'000, '['), "has an array where none may be"},
      {"nesting in an object", "{\"w\":" + repeated("{\"w\":", 150'000), "unknown key"},
      {"nesting in the metadata", R"({"__metadata__":)" + repeated("{\"a\":", 150'000), "has an object"},
      {"a long number", "{\"w\":{\"shape\":[" + std::string(1'000'000, '9'), "is no JSON"},
      {"a long name", "{\"" + std::string(1'000'000, 'a') + "\":1}", "where none may be"},
      {"many dimensions", "{\"w\":{\"shape\":[1" + repeated(",1", 400'000) + "]}}", "more than 8 dimensions"},
      {"many duplicates",
       "{" + repeated("\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},", 15'000) + "\"z\":1}",
       "has the name 'w' twice"},
      {"a product that wraps to what is there",
       R"({"w":{"dtype":"F32","shape":[4294967297,4294967297],"data_offsets":[0,0]}})", "product overflows"},
      {"an offset near the end of the numbers",
       R"({"w":{"dtype":"F32","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]}})", "a hole"},
      {"escapes that are no characters", R"({"\ud800":{}})", "is no JSON"},
      {"bad UTF-8 in the middle", "{\"a\xc3(\":{}}", "is no JSON in UTF-8"}};
  for (const Hostile& row : rows) {
    SCOPED_TRACE(row.what);
    const auto bytes = raw_weights(row.header);
    const double start = cpu_milliseconds();
    const auto file = parse_weights(bytes, false);
    const double spent = cpu_milliseconds() - start;
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr(row.words));
    EXPECT_LT(file.error().message.size(), 500u);
#if defined(__SANITIZE_ADDRESS__)
    EXPECT_LT(spent, 500);
#else
    EXPECT_LT(spent, 50);
#endif
  }
}

#if !defined(__SANITIZE_ADDRESS__)
TEST(HostileWeights, TakeAtMostSixteenMegabytes) {
  // The largest header that passes the limits of length and number, refused at its very end.
  std::string header = tensors(17'000);
  header.back() = ',';
  header += "\"z\":1}";
  ASSERT_LT(header.size(), std::size_t{1} << 20);
  const auto bytes = raw_weights(header);
  const auto before = ::mallinfo2();
  const auto peak_before = before.arena + before.hblkhd;
  EXPECT_FALSE(parse_weights(bytes, false));
  const auto after = ::mallinfo2();
  EXPECT_LT(after.arena + after.hblkhd, peak_before + (16U << 20));
}
#endif

TEST(HostileWeights, OnDiskAreRefusedBeforeTheyAreRead) {
  const ekya::testing::TempFolder folder;
  ekya::testing::write_text(folder / "sparse", "");
  std::filesystem::resize_file(folder / "sparse", 10'000'000'000);
  for (const std::string& path : {folder / "sparse", std::string("/dev/zero"), folder.path()}) {
    SCOPED_TRACE(path);
    const double start = cpu_milliseconds();
    const auto file = read_weights(path, false);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(file.error().message, HasSubstr(path));
    EXPECT_LT(cpu_milliseconds() - start, 50);
  }
}

}  // namespace
}  // namespace ekya::learner
