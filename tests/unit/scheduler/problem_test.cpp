// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/problem.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "scheduler_problems.h"

namespace ekya::scheduler {
namespace {

using ::testing::StartsWith;

struct Bad {
  std::function<void(Problem&)> spoil;
  const char* message;
};

TEST(Problem, TheWorkedExampleIsValid) { EXPECT_TRUE(validate(worked_example(0.25))); }

TEST(Problem, WithoutStreamsIsValid) {
  Problem problem;
  problem.window_s = 1;
  EXPECT_TRUE(validate(problem));
}

TEST(Problem, EveryRefusalNamesThePlaceAndTheValue) {
  const Bad bad[] = {
      {[](Problem& p) { p.window_s = 0; }, "window_s: 0 is not > 0"},
      {[](Problem& p) { p.window_s = NAN; }, "window_s: nan is not > 0"},
      {[](Problem& p) { p.quantum = 1.5; }, "quantum: 1.5 is not in (0, 1]"},
      {[](Problem& p) { p.min_accuracy = -0.1; }, "min_accuracy: -0.1 is not in [0, 1]"},
      {[](Problem& p) { p.capacity = INFINITY; }, "devices[0].capacity: inf is not > 0"},
      {[](Problem& p) { p.device = ""; }, "devices[0].id: is empty"},
      {[](Problem& p) { p.streams[1].id = "../x"; }, "streams[1].id has the character '.'"},
      {[](Problem& p) { p.streams[1].id = "A"; }, "streams[1].id: 'A' is there twice"},
      {[](Problem& p) { p.streams[0].accuracy = NAN; }, "streams[0].accuracy: nan is not in [0, 1]"},
      {[](Problem& p) { p.streams[0].labelling_demand = -1; }, "streams[0].labelling_demand: -1 is not >= 0"},
      {[](Problem& p) { p.streams[0].min_accuracy = 2; }, "streams[0].min_accuracy: 2 is not in [0, 1]"},
      {[](Problem& p) { p.streams[0].inference[3].demand = -0.5; }, "streams[0].inference[3].demand: -0.5 is not >= 0"},
      {[](Problem& p) { p.streams[0].inference[3].factor = 1.01; },
       "streams[0].inference[3].factor: 1.01 is not in [0, 1]"},
      {[](Problem& p) { p.streams[1].retraining[0].work_s = -1; }, "streams[1].retraining[0].work_s: -1 is not > 0"},
      {[](Problem& p) { p.streams[1].retraining[0].max_share = 0; },
       "streams[1].retraining[0].max_share: 0 is not > 0"},
      {[](Problem& p) { p.streams[1].retraining[1].id = "1B"; }, "streams[1].retraining[1].id: '1B' is there twice"},
      {[](Problem& p) { p.streams[1].retraining[1].id = "a\nb"; }, "streams[1].retraining[1].id: has a character"},
      {[](Problem& p) { p.streams[1].running = "9X"; }, "streams[1].running: '9X' is not the id of a retraining"},
  };
  for (const Bad& row : bad) {
    SCOPED_TRACE(row.message);
    Problem problem = worked_example(0.25);
    row.spoil(problem);
    const Status status = validate(problem);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(status.error().message, StartsWith(row.message));
  }
}

TEST(Plan, MustAnswerTheProblem) {
  const Problem problem = worked_example(0.25);
  const Plan good{"thief", {{"A", "share-1", "1A", 0.5, 0, 1, 0.6}, {"B", "", "", 1.5, 0, 0, 0.5}}, 0.55, 0};
  EXPECT_TRUE(validate(problem, good));
  const std::pair<std::function<void(Plan&)>, const char*> bad[] = {
      {[](Plan& p) { p.streams.pop_back(); }, "streams: the plan has 1 streams, the problem 2"},
      {[](Plan& p) { std::swap(p.streams[0], p.streams[1]); }, "streams[0].id: 'B' is not 'A'"},
      {[](Plan& p) { p.streams[0].inference_config = "x"; }, "streams[0].inference_config: 'x' is not offered"},
      {[](Plan& p) { p.streams[0].retraining_config = "1B"; }, "streams[0].retraining_config: '1B' is not offered"},
      {[](Plan& p) { p.streams[0].labelling_share = -0.1; }, "streams[0].labelling_share: -0.1 is not >= 0"},
      {[](Plan& p) { p.streams[1].inference_share = 1.6; }, "streams: the shares sum to 3.1, more than the capacity 3"},
      {[](Plan& p) { p.mean_accuracy = NAN; }, "mean_accuracy: nan is not in [0, 1]"},
  };
  for (const auto& [spoil, message] : bad) {
    SCOPED_TRACE(message);
    Plan plan = good;
    spoil(plan);
    const Status status = validate(problem, plan);
    ASSERT_FALSE(status);
    EXPECT_THAT(status.error().message, StartsWith(message));
  }
}

}  // namespace
}  // namespace ekya::scheduler
