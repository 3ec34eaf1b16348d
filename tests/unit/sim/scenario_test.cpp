// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "sim_scenarios.h"

namespace ekya::sim {
namespace {

TEST(Scenario, IsRefusedWithThePlaceThatIsWrong) {
  const struct {
    std::function<void(Scenario&)> damage;
    const char* message;
  } rows[] = {
      {[](Scenario& s) { s.streams.clear(); }, "streams: is empty; describe at least one stream"},
      {[](Scenario& s) { s.streams[1].scenes.clear(); }, "streams[1].scenes: is empty; describe at least one scene"},
      {[](Scenario& s) { s.windows = 0; }, "windows: 0 is not in [1, 100000]"},
      {[](Scenario& s) { s.streams[1].scenes[0].begin_s = 1; }, "streams[1].scenes[0].begin_s: 1 is not 0"},
      {[](Scenario& s) { s.streams[1].scenes[1].begin_s = 0; },
       "streams[1].scenes[1].begin_s: 0 does not lie after the scene before"},
      {[](Scenario& s) { s.streams[1].scenes[1].begin_s = 200; },
       "streams[1].scenes[1].begin_s: 200 lies in none of the windows"},
      {[](Scenario& s) { s.window_s = -1; }, "window_s: -1 is not > 0 and finite"},
      {[](Scenario& s) { s.label_delay_s = 100; }, "label_delay_s: 100 is not in [0, window_s)"},
      {[](Scenario& s) { s.swap_delay_s = NAN; }, "swap_delay_s: nan is not in [0, window_s)"},
      {[](Scenario& s) { s.streams[0].scenes[1].drop = 3; }, "streams[0].scenes[1].drop: 3 is not in [-1, 1]"},
      {[](Scenario& s) { s.streams[0].scenes[1].retraining[0].work_s = 0; },
       "streams[0].scenes[1].retraining[0].work_s: 0 is not > 0 and finite"},
      {[](Scenario& s) { s.streams[0].scenes[1].retraining[0].believed.work_s = 0; },
       "streams[0].scenes[1].retraining[0].work_s: 0 is not > 0 and finite"},
      {[](Scenario& s) { s.streams[0].scenes[1].retraining[0].accuracy = 2; },
       "streams[0].scenes[1].retraining[0].accuracy: 2 is not in [0, 1]"},
      {[](Scenario& s) { s.streams[0].scenes[1].cached_accuracy = 2; },
       "streams[0].scenes[1].cached_accuracy: 2 is not in [0, 1]"},
      {[](Scenario& s) { s.streams[1].id = "cam0"; }, "streams[1].id: 'cam0' is there twice"},
      {[](Scenario& s) { s.streams[1].accuracy = 1.5; }, "streams[1].accuracy: 1.5 is not in [0, 1]"},
      {[](Scenario& s) { s.devices.clear(); }, "devices: is empty; name at least one device"},
  };
  for (const auto& row : rows) {
    Scenario scenario = two_windows();
    row.damage(scenario);
    const Status status = validate(scenario);
    ASSERT_FALSE(status) << row.message;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(status.error().message, row.message);
  }
  EXPECT_TRUE(validate(two_windows()));
}

TEST(Scenario, GivesItsFirstScenesAsBelievedAndAsTheyAre) {
  Scenario scenario = two_windows();
  scenario.streams[0].scenes[0].drop = 0.1;
  scenario.streams[0].scenes[0].retraining[0].believed.accuracy = 0.85;
  scenario.streams[0].scenes[0].retraining[0].believed.work_s = 25;
  const auto believed = problem_of(scenario, true), truth = problem_of(scenario, false);
  EXPECT_EQ(believed.streams[0].accuracy, 0.4);
  EXPECT_EQ(believed.streams[0].retraining[0].accuracy, 0.85);
  EXPECT_EQ(believed.streams[0].retraining[0].work_s, 25);
  EXPECT_EQ(truth.streams[0].retraining[0].accuracy, 0.9);
  EXPECT_EQ(truth.streams[0].retraining[0].work_s, 20);
  EXPECT_EQ(truth.streams[1].accuracy, 0.5);
}

TEST(Scenario, IsOneProblemOnlyWithOneSceneAndWithoutDelays) {
  Scenario scenario = two_windows();
  EXPECT_FALSE(is_one_problem(scenario));
  scenario.windows = 1;
  EXPECT_FALSE(is_one_problem(scenario));
  for (ScenarioStream& stream : scenario.streams) stream.scenes.resize(1);
  EXPECT_TRUE(is_one_problem(scenario));
  scenario.swap_delay_s = 1;
  EXPECT_FALSE(is_one_problem(scenario));
}

}  // namespace
}  // namespace ekya::sim
