// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace ekya::learner {
namespace {

using ::testing::HasSubstr;
using Verdict = GateDecision::Verdict;

GateEvidence recent_only(int both, int gained, int lost, int neither) {
  GateEvidence evidence;
  evidence.recent = {both, gained, lost, neither};
  return evidence;
}

struct Row {
  const char* name;
  PairedCounts recent, earlier;
  Verdict verdict;
  const char* reason;
};

TEST(Gate, DecidesTheseCounts) {
  const Row rows[] = {
      {"a clear gain", {40, 15, 2, 3}, {50, 2, 2, 6}, Verdict::kAccepted, "better on recent"},
      {"the same answers", {50, 0, 0, 10}, {}, Verdict::kRejected, "no better on recent labels"},
      {"worse", {40, 2, 8, 10}, {}, Verdict::kRejected, "worse by"},
      {"three gained of sixty", {50, 3, 0, 7}, {}, Verdict::kRejected, "may be chance"},
      {"four gained and none lost", {50, 4, 0, 6}, {}, Verdict::kAccepted, "better on recent"},
      {"eight gained, six lost", {40, 8, 6, 6}, {}, Verdict::kRejected, "may be chance"},
      {"too few", {5, 6, 0, 0}, {}, Verdict::kUndecided, "only 11 recent held-back labels"},
      {"none at all", {}, {}, Verdict::kUndecided, "only 0 recent"},
      {"forgets", {40, 20, 0, 0}, {70, 0, 25, 5}, Verdict::kRejected, "forgets earlier windows"},
      {"forgets a little, gains much", {40, 20, 0, 0}, {80, 0, 10, 10}, Verdict::kAccepted, "better on recent"},
      {"gains less than it forgets", {90, 5, 0, 5}, {80, 0, 12, 8}, Verdict::kRejected, "worse by 3.5 %"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    GateEvidence evidence;
    evidence.recent = row.recent;
    evidence.earlier = row.earlier;
    const GateDecision decision = decide(evidence);
    EXPECT_EQ(decision.verdict, row.verdict) << decision.reason;
    EXPECT_THAT(decision.reason, HasSubstr(row.reason));
  }
}

TEST(Gate, TellsTheAccuraciesOnRecentLabels) {
  const GateDecision decision = decide(recent_only(40, 15, 2, 3));
  EXPECT_DOUBLE_EQ(decision.live_accuracy, 0.7);
  EXPECT_NEAR(decision.candidate_accuracy, 55.0 / 60, 1e-12);
  EXPECT_THAT(decision.reason, HasSubstr("70.0 % -> 91.7 % of 60 labels"));
}

TEST(Gate, RejectsAModelThatCannotAnswer) {
  GateEvidence evidence = recent_only(0, 60, 0, 0);
  evidence.fault = "not finite";
  const GateDecision decision = decide(evidence);
  EXPECT_EQ(decision.verdict, Verdict::kRejected);
  EXPECT_THAT(decision.reason, HasSubstr("not finite"));
}

TEST(Gate, RejectsTheCollapseOfOneClassUnderAGoodMean) {
  GateEvidence evidence;
  evidence.labels = {"car", "bus"};
  evidence.recent = {40, 20, 4, 2};
  evidence.classes = {{38, 20, 0, 0}, {2, 0, 4, 2}};
  const GateDecision decision = decide(evidence);
  EXPECT_EQ(decision.verdict, Verdict::kRejected);
  EXPECT_THAT(decision.reason, HasSubstr("class \"bus\" collapses: 75.0 % -> 25.0 % of 8 labels"));
}

TEST(Gate, DoesNotJudgeAClassByFewLabels) {
  GateEvidence evidence;
  evidence.labels = {"car", "bus"};
  evidence.recent = {40, 20, 2, 0};
  evidence.classes = {{40, 20, 0, 0}, {0, 0, 2, 0}};
  EXPECT_TRUE(decide(evidence).accepted());
}

TEST(Gate, CountsAnswersByKindAndClass) {
  GateEvidence evidence;
  evidence.labels = {"car", "bus"};
  add_answers(evidence, true, std::vector{0, 0, 1}, std::vector{0, 1, 1}, std::vector{0, 0, 0});
  add_answers(evidence, false, std::vector{1}, std::vector{0}, std::vector{0});
  EXPECT_EQ(evidence.recent.both, 1);
  EXPECT_EQ(evidence.recent.gained, 1);
  EXPECT_EQ(evidence.recent.lost, 1);
  EXPECT_EQ(evidence.earlier.neither, 1);
  EXPECT_EQ(evidence.classes[0].gained, 1);
  EXPECT_EQ(evidence.classes[1].total(), 2);
  EXPECT_EQ(evidence.alarms[0].live, 1);
  EXPECT_EQ(evidence.alarms[0].candidate, 2);
  EXPECT_EQ(evidence.alarms[1].live, 1);
}

/// Answers to ten labels of class 0 and twenty of class 1; the live model says 0 to `zeros` of the twenty, else 2.
GateEvidence half_of_a_class_lost(int zeros) {
  GateEvidence evidence;
  evidence.labels = {"other", "person", "vehicle"};
  for (int i = 0; i < 10; ++i) add_answers(evidence, true, std::vector{0}, std::vector{0}, std::vector{i % 2});
  for (int i = 0; i < 20; ++i)
    add_answers(evidence, true, std::vector{1}, std::vector{i < zeros ? 0 : 2}, std::vector{1});
  return evidence;
}

// A student that says the same to everything is right on all of one class, and has earned none of it.
TEST(Gate, ForgivesALossOnWhatTheLiveModelSaidToEverything) {
  const GateDecision decision = decide(half_of_a_class_lost(20));
  EXPECT_TRUE(decision.accepted()) << decision.reason;
}

TEST(Gate, RejectsTheSameLossWhereTheLiveModelKnewTheClass) {
  const GateDecision decision = decide(half_of_a_class_lost(0));
  EXPECT_FALSE(decision.accepted());
  EXPECT_THAT(decision.reason, HasSubstr("class \"other\" collapses: 100.0 % -> 50.0 % of 10 labels"));
}

// A candidate that is as good as the live model, and wrong elsewhere: chance alone must seldom let it pass.
TEST(Gate, PassesAnEqualModelSeldom) {
  std::mt19937 random(7);
  int passed = 0;
  for (int run = 0; run < 1000; ++run) {
    GateEvidence evidence;
    for (int i = 0; i < 60; ++i) evidence.recent.add(random() % 10 < 8, random() % 10 < 8);
    passed += decide(evidence).accepted();
  }
  EXPECT_LT(passed, 100);
}

// Labels flipped at random cannot be learned; what training on them costs shows on labels of earlier windows.
TEST(Gate, RefusesWhatPoisonedLabelsMakeOfAModel) {
  std::mt19937 random(11);
  for (int percent = 10; percent <= 100; percent += 10) {
    SCOPED_TRACE(percent);
    const auto poisoned = [&] { return static_cast<int>(random() % 100) < percent; };
    GateEvidence evidence;
    for (int i = 0; i < 80; ++i) evidence.recent.add(!poisoned(), !poisoned() && random() % 10 < 9);
    for (int i = 0; i < 80; ++i) evidence.earlier.add(random() % 10 < 9, !poisoned() && random() % 10 < 9);
    EXPECT_FALSE(decide(evidence).accepted());
  }
}

TEST(RollBack, NeedsEnoughLabelsAMarginAndMoreThanChance) {
  EXPECT_FALSE(reason_to_roll_back({5, 0, 10, 4}, 0.1));   // 19 labels.
  EXPECT_FALSE(reason_to_roll_back({18, 0, 2, 0}, 0.1));   // Not more than the margin.
  EXPECT_FALSE(reason_to_roll_back({10, 4, 7, 0}, 0.1));   // 14 % worse, but by chance.
  EXPECT_FALSE(reason_to_roll_back({10, 10, 0, 0}, 0.1));  // Better.
  const auto reason = reason_to_roll_back({15, 1, 10, 4}, 0.1);
  ASSERT_TRUE(reason);
  EXPECT_THAT(*reason, HasSubstr("83.3 % against 53.3 % of 30 labels"));
}

}  // namespace
}  // namespace ekya::learner
