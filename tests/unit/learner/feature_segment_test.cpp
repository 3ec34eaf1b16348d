// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/feature_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ekya::learner {
namespace {

using ::testing::ElementsAre;

const std::string kTrunk(64, 'a');

SampleKey key_of(std::uint8_t number) { return sample_key(std::vector<std::uint8_t>(12, number)); }

std::vector<std::byte> two_records() {
  std::vector<std::byte> segment;
  append_record(segment, kTrunk, key_of(1), std::vector<Half>{1, 2, 3});
  append_record(segment, kTrunk, key_of(2), std::vector<Half>{4, 5, 6});
  return segment;
}

TEST(SampleKey, IsTheStartOfThePixelsHash) {
  const std::vector<std::uint8_t> abc{'a', 'b', 'c'};
  const SampleKey key = sample_key(abc);
  EXPECT_EQ(key.bytes.front(), std::byte{0xBA});
  EXPECT_EQ(key.bytes.back(), std::byte{0x23});
  EXPECT_NE(key, key_of(1));
}

TEST(FeatureSegment, ReadsWhatWasAppended) {
  const auto segment = two_records();
  EXPECT_EQ(segment.size(), 12 + 2 * (16 + 6 + 8U));
  const ParsedSegment parsed = parse_segment(segment, kTrunk);
  ASSERT_EQ(parsed.records.size(), 2U);
  EXPECT_EQ(parsed.records[0].key, key_of(1));
  EXPECT_THAT(parsed.records[0].values, ElementsAre(1, 2, 3));
  EXPECT_EQ(parsed.records[1].key, key_of(2));
  EXPECT_THAT(parsed.records[1].values, ElementsAre(4, 5, 6));
  EXPECT_EQ(parsed.corrupt, 0U);
}

TEST(FeatureSegment, GivesNoRecordOfWhichAnyBitHasChanged) {
  const auto whole = two_records();
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      SCOPED_TRACE(at);
      auto damaged = whole;
      damaged[at] ^= std::byte{1} << bit;
      const ParsedSegment parsed = parse_segment(damaged, kTrunk);
      EXPECT_GE(parsed.corrupt, 1U);
      if (at < 12) {
        EXPECT_TRUE(parsed.records.empty());
        continue;
      }
      const bool first_is_damaged = at < 12 + 30;
      ASSERT_EQ(parsed.records.size(), 1U);
      EXPECT_EQ(parsed.records[0].key, key_of(first_is_damaged ? 2 : 1));
    }
}

TEST(FeatureSegment, GivesTheWholeRecordsOfACutFile) {
  const auto whole = two_records();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ParsedSegment parsed = parse_segment(std::span(whole).first(size), kTrunk);
    EXPECT_EQ(parsed.records.size(), size < 12 + 30 ? 0 : 1U) << size;
    EXPECT_EQ(parsed.corrupt, size == 12 || size == 12 + 30 ? 0 : 1U) << size;
  }
}

TEST(FeatureSegment, GivesNothingToAnotherTrunk) {
  const ParsedSegment parsed = parse_segment(two_records(), std::string(64, 'b'));
  EXPECT_TRUE(parsed.records.empty());
  EXPECT_EQ(parsed.corrupt, 2U);
}

TEST(FeatureSegment, RefusesAHugeNumberOfFeatures) {
  auto segment = two_records();
  for (std::size_t at = 8; at < 12; ++at) segment[at] = std::byte{0xFF};
  EXPECT_TRUE(parse_segment(segment, kTrunk).records.empty());
}

}  // namespace
}  // namespace ekya::learner
