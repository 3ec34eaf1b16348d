// SPDX-License-Identifier: LGPL-2.1-or-later
// The detections in river_detections.json are those of the Python package river, written by make_river_detections.py.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "ekya/base/random.h"
#include "ekya/drift/adwin.h"
#include "ekya/drift/page_hinkley.h"

namespace ekya::drift {
namespace {

using nlohmann::json;

std::vector<double> series(const json& row) {
  Random random(row.at("seed").get<std::uint64_t>());
  const double noise = row.at("noise");
  std::vector<double> values;
  for (const json& segment : row.at("segments")) {
    const int length = segment.at(0);
    const double begin = segment.at(1), end = segment.at(2);
    for (int i = 0; i < length; ++i) {
      const double level = begin + (end - begin) * i / length, u = random.uniform();
      values.push_back(noise > 0 ? level + (u - 0.5) * noise : u < level);
    }
  }
  return values;
}

/// river starts afresh after a detection.
template <typename Detector, typename Options>
std::vector<int> detections(const Options& options, const std::vector<double>& values) {
  std::vector<int> found;
  Detector detector(options);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!detector.add(values[i])) continue;
    found.push_back(static_cast<int>(i));
    detector = Detector(options);
  }
  return found;
}

template <typename Use>
void for_each_series(const Use& use) {
  std::ifstream file(EKYA_RIVER_DETECTIONS);
  const json all = json::parse(file);
  ASSERT_EQ(all.at("series").size(), 7u);
  for (const json& row : all.at("series")) {
    SCOPED_TRACE(row.at("name").get<std::string>());
    use(row, series(row));
  }
}

TEST(Adwin, DetectsWhereRiverDoes) {
  AdwinOptions eager;
  eager.delta = 0.2, eager.clock = 1, eager.max_buckets = 3;
  for_each_series([&](const json& row, const std::vector<double>& values) {
    EXPECT_EQ(detections<Adwin>(AdwinOptions{}, values), row.at("adwin").get<std::vector<int>>());
    EXPECT_EQ(detections<Adwin>(eager, values), row.at("adwin_eager").get<std::vector<int>>());
  });
}

TEST(PageHinkley, DetectsWhereRiverDoes) {
  PageHinkleyOptions up, down;
  up.min_instances = 20, up.delta = 0.1, up.threshold = 5, up.alpha = 1, up.mode = PageHinkleyOptions::Mode::kUp;
  down.threshold = 5, down.mode = PageHinkleyOptions::Mode::kDown;
  for_each_series([&](const json& row, const std::vector<double>& values) {
    EXPECT_EQ(detections<PageHinkley>(PageHinkleyOptions{}, values), row.at("page_hinkley").get<std::vector<int>>());
    EXPECT_EQ(detections<PageHinkley>(up, values), row.at("page_hinkley_up").get<std::vector<int>>());
    EXPECT_EQ(detections<PageHinkley>(down, values), row.at("page_hinkley_down").get<std::vector<int>>());
  });
}

}  // namespace
}  // namespace ekya::drift
