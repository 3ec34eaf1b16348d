// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/explain.h"

#include <gmock/gmock.h>

namespace ekya::scheduler {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// One camera on gpu0 whose job `g` takes 40 s at half the device, planned by hand.
struct Explain : public ::testing::Test {
  Problem problem;
  PlanMade made{3, 1, "join", Seconds{100}, {}};
  Orders orders;
  Stream& stream;
  StreamPlan& plan;

  Explain() : stream(problem.streams.emplace_back()), plan(made.plan.streams.emplace_back()) {
    problem.window_s = 200;
    problem.devices = {{"gpu0", 1}, {"gpu1", 1}};
    stream.id = "cam0";
    stream.accuracy = 0.6;
    stream.inference = {{"full", 0.4, 1.0}, {"half", 0.2, 0.8}};
    stream.retraining = {{"g", 20, 0.9, 1}};
    made.plan.policy = "phased";
    made.plan.mean_accuracy = 0.816;
    made.plan.upper_bound = 0.82;
    plan = {"cam0", "half", "g", 0.2, 0, 0.5, 0.816, "gpu0", "gpu0", {{0, "half", 0.2, 0.5}, {40, "full", 0.7, 0}}};
  }

  std::string text() const { return explain(problem, made, orders); }
  void give_no_job() { plan = {"cam0", "full", "", 0.4, 0, 0, 0.6, "gpu0", "", {}}; }
};

TEST_F(Explain, TellsWhatThePlanIsWorthAndHowFarItMayBeFromTheBest) {
  EXPECT_EQ(text(),
            "plan 3 by phased because of join: mean accuracy 0.816 expected over 200 s; no plan can do better than "
            "0.82, so at most 0.4 points are left on the table\n"
            "cam0: inference gets 0.2 of gpu0 and runs half; retraining g gets 0.5 for about 40 s and takes the "
            "accuracy from 0.6 to 0.9, which gains 24 points; accuracy 0.816 expected\n");
}

TEST_F(Explain, TellsWhatTheNextBestConfigWouldCostAndGain) {
  // h ends after 20 s: (20 * 0.6 * 0.8 + 180 * 0.8 * 1.0) / 200 = 0.768, 4.8 points below 0.816.
  stream.retraining.push_back({"h", 10, 0.8, 1});
  EXPECT_THAT(text(),
              HasSubstr("gains 24 points (next best: h, 10 instead of 20 device-seconds for 4.8 points less);"));
  // i ends after 60 s: (60 * 0.6 * 0.8 + 140 * 0.99 * 1.0) / 200 = 0.837.
  stream.retraining.push_back({"i", 30, 0.99, 1});
  EXPECT_THAT(text(), HasSubstr("(next best: i, 30 instead of 20 device-seconds for 2.1 points more, which the device "
                                "can earn elsewhere)"));
}

TEST_F(Explain, TellsWhenAJobThatWaitsBeginsAndOnWhichDevice) {
  plan.retraining_share = 0;
  plan.retraining_device = "gpu1";
  plan.phases = {{0, "half", 0.2, 0}, {50, "half", 0.2, 0.5}, {90, "full", 0.4, 0}};
  EXPECT_THAT(text(),
              HasSubstr("; retraining g waits its turn, begins after about 50 s on gpu1, runs for about 40 s and "
                        "takes the accuracy from 0.6 to 0.9, which gains 16.5 points;"));
}

TEST_F(Explain, TellsThatAJobDoesNotEndInTheWindow) {
  plan.retraining_share = 0.05;
  plan.phases.clear();
  EXPECT_THAT(text(), HasSubstr("retraining g gets 0.05 for about 400 s, but does not end within the 200 s;"));
}

TEST_F(Explain, TellsWhereAStreamMovesFrom) {
  EXPECT_THAT(text(), Not(HasSubstr("moves")));
  stream.device = "gpu1";
  EXPECT_THAT(text(), HasSubstr("inference gets 0.2 of gpu0 and runs half; it moves there from gpu1;"));
}

TEST_F(Explain, TellsWhatTheBestRetrainingCouldHaveGained) {
  give_no_job();
  stream.retraining.push_back({"h", 66, 0.95, 1});
  // The whole device: g ends after 20 s, (180 / 200) * 0.3; h after 66 s, (134 / 200) * 0.35.
  EXPECT_THAT(text(), HasSubstr("no retraining: the best, g, would cost 20 device-seconds for at most 27 points;"));
  stream.retraining = {{"h", 300, 0.95, 1}};
  EXPECT_THAT(text(), HasSubstr("no retraining: none could raise the accuracy of the next 200 s, even with a whole "
                                "device;"));
  stream.retraining = {{"h", 10, 0.55, 1}};
  EXPECT_THAT(text(), HasSubstr("no retraining: no config promises more than the accuracy 0.6 of now;"));
  stream.retraining.clear();
  EXPECT_THAT(text(), HasSubstr("no retraining: nothing to train on is offered;"));
  orders[{"cam0", ClientKind::kRetraining}].excluded = true;
  EXPECT_THAT(text(), HasSubstr("no retraining: the stream is excluded;"));
}

TEST_F(Explain, TellsWhyAFloorIsMissed) {
  made.plan.floors_missed = {"cam0"};
  problem.min_accuracy = 0.7;
  EXPECT_THAT(text(), HasSubstr("; its floor 0.7 is missed: its student reaches 0.6 at most\n"));
  problem.min_accuracy = 0.55;
  EXPECT_THAT(text(), HasSubstr("; its floor 0.55 is missed: it needs 0.4 and gets 0.2\n"));
  stream.inference[0].demand = 1.2;
  EXPECT_THAT(text(), HasSubstr("it needs 1.2 and gets 0.2, since the floors and the labelling on gpu0 need 1.2 of its "
                                "1\n"));
}

TEST_F(Explain, TellsOfOrdersOfKappaAndOfAModelFromElsewhere) {
  orders[{"cam0", ClientKind::kInference}].cap = 0.2;
  orders[{"cam0", ClientKind::kRetraining}].pin = 0.5;
  problem.kappa = 1;
  stream.retraining[0].accuracy_sd = 0.1;
  stream.retraining[0].work_sd_s = 5;
  plan.phases.clear();
  const std::string steered = text();
  EXPECT_THAT(steered, HasSubstr("expected over 200 s with kappa 1;"));
  EXPECT_THAT(steered, HasSubstr("runs half (capped at 0.2); retraining g gets 0.5"));
  EXPECT_THAT(steered, HasSubstr("takes the accuracy from 0.6 to 0.8"));
  EXPECT_THAT(steered, HasSubstr(" (pinned); accuracy"));
  give_no_job();
  made.plan.streams[0].delivery = Delivery{30, 0.85};
  EXPECT_THAT(text(), HasSubstr("; a model of accuracy 0.85 comes from elsewhere after 30 s"));
}

}  // namespace
}  // namespace ekya::scheduler
