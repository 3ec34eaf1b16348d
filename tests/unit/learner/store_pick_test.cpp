// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/learner/sample_pick.h"

namespace ekya::learner {
namespace {

using ::testing::ElementsAre;

/// Rows of windows `newest` down to 1, whose ids are their windows.
std::vector<SampleRow> history(const std::string& label, int newest) {
  std::vector<SampleRow> rows;
  for (int window = newest; window >= 1; --window) {
    SampleRow row;
    row.id = window;
    row.label = label;
    row.window = static_cast<std::uint64_t>(window);
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::int64_t> ids(const std::vector<PickedSample>& picked) {
  std::vector<std::int64_t> ids;
  for (const PickedSample& sample : picked) ids.push_back(sample.row.id);
  return ids;
}

TEST(PickSamples, GivesTheNewestOfRecentWindows) {
  EXPECT_THAT(ids(pick_samples(history("a", 9), {"a"}, {.min_window = 5, .max_recent = 3})), ElementsAre(9, 8, 7));
}

TEST(PickSamples, SpreadsExemplarsOverThePastOfAClass) {
  EXPECT_THAT(ids(pick_samples(history("a", 12), {"a"}, {.min_window = 11, .max_recent = 0, .exemplars = 5})),
              ElementsAre(10, 8, 6, 4, 2));
}

TEST(PickSamples, TakesAllThereIsWhenMoreIsAskedFor) {
  EXPECT_THAT(ids(pick_samples(history("a", 4), {"a"}, {.min_window = 3, .exemplars = 50})), ElementsAre(4, 3, 2, 1));
}

TEST(PickSamples, GivesSmallClassesTheirFullPart) {
  auto rows = history("a", 10);
  for (const auto& row : history("b", 2)) rows.push_back(row);
  std::map<int, int> counts;
  for (const auto& picked : pick_samples(rows, {"a", "b"}, {.min_window = 100, .exemplars = 7})) ++counts[picked.label];
  EXPECT_EQ(counts[0], 5);
  EXPECT_EQ(counts[1], 2);
}

TEST(PickSamples, GivesNothingOfNothing) {
  EXPECT_THAT(ids(pick_samples({}, {"a"}, {.exemplars = 3})), ElementsAre());
  EXPECT_THAT(ids(pick_samples(history("b", 3), {"a"}, {.exemplars = 3})), ElementsAre());
}

}  // namespace
}  // namespace ekya::learner
