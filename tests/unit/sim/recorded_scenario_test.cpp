// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/recorded_scenario.h"

#include <gtest/gtest.h>

#include "ekya/sim/scenario_json.h"

namespace ekya::sim {
namespace {

/// Two cities of two windows each; `accuracy` at the start, one config that reaches 0.9.
Recorded two_cities() {
  Recorded recorded;
  recorded.windows = {{"north", 1, 0.8, {{"g", 0.9, 0.85, 20, 25}}},
                      {"north", 2, 0.7, {{"g", 0.9, 0.85, 20, 25}}},
                      {"south", 1, 0.6, {{"g", 0.9, 0.85, 20, 25}}},
                      {"south", 2, 0.5, {{"g", 0.9, 0.85, 20, 25}}}};
  recorded.profiles["c1"] = {{1, 1}, {2, 0.5}};
  return recorded;
}

TEST(DrawScenario, GoesThroughACitysWindowsInTheirOrder) {
  DrawOptions options;
  options.streams = 1;
  const Scenario scenario = draw_scenario(two_cities(), options, 4);
  ASSERT_TRUE(validate(scenario)) << validate(scenario).error().message;
  EXPECT_EQ(scenario.windows, 4);
  ASSERT_EQ(scenario.streams[0].scenes.size(), 4U);
  EXPECT_EQ(scenario.streams[0].scenes[3].begin_s, 600);
  const ScenarioStream& stream = scenario.streams[0];
  const bool north_first = stream.accuracy == 0.8;
  EXPECT_EQ(stream.accuracy, north_first ? 0.8 : 0.6);
  EXPECT_EQ(stream.scenes[0].drop, 0);
  EXPECT_NEAR(stream.scenes[1].drop, north_first ? 0.9 - 0.7 : 0.9 - 0.5, 1e-12);
  EXPECT_NEAR(stream.scenes[2].drop, north_first ? 0.9 - 0.6 : 0.9 - 0.8, 1e-12);
  EXPECT_NEAR(stream.scenes[3].drop, north_first ? 0.9 - 0.5 : 0.9 - 0.7, 1e-12);
}

TEST(DrawScenario, BelievesThePredictionsWhereAsked) {
  DrawOptions options;
  options.streams = 1;
  options.predicted = true;
  options.work_scale = 0.1;
  const TrueConfig config = draw_scenario(two_cities(), options, 1).streams[0].scenes[0].retraining[0];
  EXPECT_DOUBLE_EQ(config.believed.work_s, 2.5);
  EXPECT_DOUBLE_EQ(config.believed.accuracy, 0.85);
  EXPECT_DOUBLE_EQ(config.work_s, 2);
  EXPECT_DOUBLE_EQ(config.accuracy, 0.9);
}

TEST(DrawScenario, FewerStreamsAreTheFirstOfMore) {
  DrawOptions options;
  options.streams = 3;
  Scenario three = draw_scenario(two_cities(), options, 3);
  options.streams = 2;
  three.streams.pop_back();
  EXPECT_EQ(to_json(three), to_json(draw_scenario(two_cities(), options, 3)));
}

}  // namespace
}  // namespace ekya::sim
