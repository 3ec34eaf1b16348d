// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/generate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ekya/sim/scenario_json.h"

namespace ekya::sim {
namespace {

GenerateOptions options_of(std::uint64_t seed) {
  GenerateOptions options;
  options.seed = seed;
  options.streams = 1 + static_cast<int>(seed % 7);
  options.devices = 1 + static_cast<int>(seed % 3);
  options.windows = 1 + static_cast<int>(seed % 4);
  options.pooled = seed % 2;
  options.error = seed % 5 ? 0 : 0.5;
  return options;
}

TEST(Generate, GivesScenariosThatPassValidate) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Scenario scenario = generate(options_of(seed));
    const Status status = validate(scenario);
    EXPECT_TRUE(status) << "seed " << seed << ": " << status.error().message;
    EXPECT_EQ(scenario.streams.size(), 1 + seed % 7);
    EXPECT_EQ(scenario.windows, 1 + static_cast<int>(seed % 4));
    for (const ScenarioStream& stream : scenario.streams) EXPECT_EQ(stream.scenes.size(), 1 + seed % 4);
  }
}

TEST(Generate, GivesTheSameScenarioForTheSameSeedAlone) {
  EXPECT_EQ(to_json(generate(options_of(3))), to_json(generate(options_of(3))));
  EXPECT_NE(to_json(generate(options_of(3))), to_json(generate(options_of(10))));
}

// The bounds and means that docs/simulator.md states.
TEST(Generate, DrawsAroundThePublishedFigures) {
  double start = 0, drop = 0, gain = 0, largest = 0;
  int streams = 0, drops = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    GenerateOptions options;
    options.seed = seed;
    options.windows = 3;
    for (const ScenarioStream& stream : generate(options).streams) {
      ++streams;
      start += stream.accuracy;
      double best = 0;
      for (const TrueConfig& config : stream.scenes[0].retraining) best = std::max(best, config.accuracy);
      gain += std::max(0.0, best - stream.accuracy);
      for (std::size_t w = 1; w < 3; ++w, ++drops) {
        drop += stream.scenes[w].drop;
        largest = std::max(largest, stream.scenes[w].drop);
      }
    }
  }
  EXPECT_NEAR(start / streams, 0.80, 0.01);
  EXPECT_NEAR(gain / streams, 0.12, 0.02);
  EXPECT_NEAR(drop / drops, 0.08, 0.005);
  EXPECT_EQ(largest, 0.22);
}

TEST(Generate, LinearHasNoCurveAndMpsHasOne) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    GenerateOptions options;
    options.seed = seed;
    options.curve = Curve::kLinear;
    EXPECT_TRUE(generate(options).devices[0].throughput.empty());
    options.curve = Curve::kMps;
    const auto curve = generate(options).devices[0].throughput;
    ASSERT_EQ(curve.size(), 10U);
    EXPECT_NEAR(curve.back().speed, 1, 1e-12);
    EXPECT_GT(curve.front().speed, 0.22);  // 1.6 · 0.1 / 0.7
    EXPECT_LT(curve.front().speed, 0.47);  // 1.15 · 0.1 / 0.25
  }
}

}  // namespace
}  // namespace ekya::sim
