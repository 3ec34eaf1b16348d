// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/micro_profiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "unit/profiler/simulated_training.h"

namespace ekya::profiler {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::Pair;

constexpr int kSamples = 320, kLabels = 400;
constexpr double kLive = 0.5;

const Candidate kHead5{"head-e5", "head", true, 5, 1, 32}, kHead10{"head-e10", "head", true, 10, 1, 32},
    kWide{"wide-e5", "wide", true, 5, 1, 32}, kAll2{"all-e2", "all", false, 2, 1, 32},
    kAll4{"all-e4", "all", false, 4, 0.5, 32};
const std::vector<Candidate> kCandidates{kHead5, kHead10, kWide, kAll2, kAll4};

/// Head and wide cost 10 ms a fresh sample and 1 ms another, all layers 30 ms; a label 2 ms. Of them "wide" is best.
std::map<std::string, Truth> truths() {
  return {{"head", {kLive, 0.7, 2, false, 0.01, 0.001}},
          {"wide", {kLive, 0.95, 8, false, 0.01, 0.001}},
          {"all", {kLive, 0.9, 4, false, 0.03, 0.03}}};
}

struct Fixture {
  std::vector<Candidate> candidates;
  SimulatedTraining training{truths(), kSamples, kLabels, true, 3};
  MicroProfiler profiler;

  explicit Fixture(double budget = 100, std::vector<Candidate> all = kCandidates)
      : candidates(std::move(all)), profiler(candidates, 1) {
    profiler.costs().record_training(kAll2, true, 1, Seconds{0.03});
    profiler.costs().record_training(kHead5, true, 1, Seconds{0.01});
    profiler.costs().record_training(kHead5, false, 1, Seconds{0.001});
    profiler.costs().record_training(kWide, true, 1, Seconds{0.01});
    profiler.costs().record_training(kWide, false, 1, Seconds{0.001});
    for (const Candidate& candidate : {kHead5, kAll2})
      profiler.costs().record_evaluation(candidate, 1, Seconds{SimulatedTraining::kEvaluation});
    begin(budget);
  }
  void begin(double budget = 100) { profiler.begin({kSamples, kLabels, kLive, Seconds{0}, budget}); }
  std::vector<std::string> profile() { return training.profile(profiler, candidates); }
  Forecast of(const Candidate& candidate) const { return profiler.forecast(candidate.id); }
  void report(const Candidate& candidate, int samples, double accuracy) {
    profiler.record({candidate.id, samples, accuracy, kLabels, Seconds{1}});
  }
};

TEST(ProfileBudget, IsAPartOfTheWindowButNeverAbove22InAThousand) {
  EXPECT_DOUBLE_EQ(profile_budget(Seconds{200}, 1), 2);
  EXPECT_DOUBLE_EQ(profile_budget(Seconds{200}, 2, 0.005), 2);
  EXPECT_DOUBLE_EQ(profile_budget(Seconds{200}, 1, 0.5), 4.4);
  EXPECT_DOUBLE_EQ(profile_budget(Seconds{std::numeric_limits<double>::quiet_NaN()}, 1), 0);
  EXPECT_DOUBLE_EQ(profile_budget(Seconds{-5}, 1), 0);
}

// Two rungs of 5 device-seconds. A round costs 3.7 at first, 4.0 later, of two families 2.9.
TEST(MicroProfiler, MeasuresEachFamilyOnATenthAndThenTheBetterHalf) {
  Fixture fixture(10);
  const auto first = fixture.profiler.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->config, "head-e10");  // The cheapest family, and its longest config.
  EXPECT_EQ(first->samples, 32);
  EXPECT_THAT(fixture.profile(), ElementsAre("head", "wide", "all", "wide", "all", "wide", "all"));
}

// Three rungs of 10 device-seconds, of which a slice takes one: 2 rounds of 5, 4 of 3 and 4 of 2.
TEST(MicroProfiler, GivesEachRungAsMuchOfTheBudget) {
  Fixture fixture(30, {{"a", "a", false, 9, 1, 32},
                       {"b", "b", false, 9, 1, 32},
                       {"c", "c", false, 9, 1, 32},
                       {"d", "d", false, 9, 1, 32},
                       {"e", "e", false, 9, 1, 32}});
  fixture.profiler = MicroProfiler(fixture.candidates, 1);
  fixture.begin(30);
  std::map<std::string, int> slices;
  while (const auto slice = fixture.profiler.next()) {
    ++slices[slice->family];
    fixture.report(fixture.candidates[static_cast<std::size_t>(slice->family[0] - 'a')], slice->samples,
                   0.9 - 0.05 * (slice->family[0] - 'a'));
  }
  EXPECT_THAT(slices, ElementsAre(Pair("a", 10), Pair("b", 10), Pair("c", 6), Pair("d", 2), Pair("e", 2)));
}

TEST(MicroProfiler, ProfilesNoFamilyBeyondOnePass) {
  Fixture fixture(100000);
  std::map<std::string, int> slices;
  for (const std::string& family : fixture.profile()) ++slices[family];
  EXPECT_THAT(slices, ElementsAre(Pair("all", 10), Pair("head", 10), Pair("wide", 10)));
}

TEST(MicroProfiler, ForecastsAllConfigsOfAFamilyFromItsCurve) {
  Fixture fixture;
  fixture.profile();
  for (const Candidate& candidate : kCandidates) {
    const Forecast forecast = fixture.of(candidate);
    EXPECT_NEAR(forecast.accuracy, truths()[candidate.family].accuracy(candidate.passes()), 2 * forecast.sd);
    EXPECT_LT(forecast.sd, 0.15);
  }
  EXPECT_GT(fixture.of(kHead10).accuracy, fixture.of(kHead5).accuracy);
  EXPECT_GT(fixture.of(kWide).accuracy, fixture.of(kHead10).accuracy + 0.1);
}

// 2 passes over 320 samples of 30 ms and 400 labels of 2 ms after each.
TEST(MicroProfiler, CountsProfiledSamplesAsTheFirstOfTheJob) {
  Fixture fixture;
  EXPECT_NEAR(fixture.of(kAll2).work, 640 * 0.03 + 2 * 0.8, 1e-9);
  fixture.report(kAll2, 64, 0.6);
  EXPECT_NEAR(fixture.of(kAll2).work, 576 * 0.03 + 2 * 0.8, 1e-9);
  fixture.profiler.choose("all-e2");
  fixture.report(kAll2, 256, 0.7);
  EXPECT_NEAR(fixture.of(kAll2).work, 320 * 0.03 + 0.8, 1e-9);
}

// The features of 32 samples are there, so 288 fresh and 1280 others are left of 5 passes; for "wide" 32 more.
TEST(MicroProfiler, CountsATrunksFeaturesOnceForAllFamiliesThatFreezeIt) {
  Fixture fixture;
  fixture.report(kHead10, 32, 0.6);
  EXPECT_NEAR(fixture.of(kHead5).work, 288 * 0.01 + 1280 * 0.001 + 5 * 0.8, 1e-9);
  EXPECT_NEAR(fixture.of(kWide).work, 288 * 0.01 + 1312 * 0.001 + 5 * 0.8, 1e-9);
}

TEST(MicroProfiler, ThrowsTheOtherJobsAwayWhenOneIsChosen) {
  Fixture fixture;
  fixture.report(kAll2, 64, 0.6);
  fixture.profiler.choose("head-e5");
  EXPECT_FALSE(fixture.profiler.next());
  EXPECT_NEAR(fixture.of(kAll2).work, 640 * 0.03 + 2 * 0.8, 1e-9);
  EXPECT_GT(fixture.of(kAll2).accuracy, kLive);  // What was learnt of it stays.
}

TEST(MicroProfiler, UpdatesTheForecastAfterEachEpochOfTheChosenJob) {
  Fixture fixture;
  fixture.profiler.choose("head-e10");
  const Forecast before = fixture.of(kHead10);
  for (int epoch = 1; epoch <= 6; ++epoch) fixture.report(kHead10, kSamples, 0.62);
  const Forecast after = fixture.of(kHead10);
  EXPECT_GT(before.accuracy, 0.66);
  EXPECT_NEAR(after.accuracy, 0.62, 0.02);
  EXPECT_LT(after.sd, before.sd / 2);
}

TEST(MicroProfiler, StaysWithinItsBudget) {
  for (const double budget : {0.0, 0.5, 1.2, 2.5, 4.0, 8.0, 20.0}) {
    Fixture fixture(budget);
    fixture.profile();
    EXPECT_LE(fixture.profiler.spent(), budget);
  }
}

TEST(MicroProfiler, TakesSmallerSlicesWhereARoundWouldTakeHalfOfARung) {
  Fixture fixture(100);
  fixture.profiler.begin({3200, kLabels, kLive, Seconds{0}, 1000});
  EXPECT_EQ(fixture.profiler.next()->samples, 320);
  fixture.profiler.begin({3200, kLabels, kLive, Seconds{0}, 50});
  EXPECT_EQ(fixture.profiler.next()->samples, 160);
}

TEST(MicroProfiler, CountsTheMeasurementOfTheLiveModel) {
  Fixture fixture;
  fixture.profiler.begin({kSamples, kLabels, kLive, Seconds{1.5}, 2});
  EXPECT_DOUBLE_EQ(fixture.profiler.spent(), 1.5);
  EXPECT_FALSE(fixture.profiler.next());
}

TEST(MicroProfiler, HopesForAFamilyThatItCouldNotMeasure) {
  Fixture fixture(0);
  EXPECT_FALSE(fixture.profiler.next());
  EXPECT_GT(fixture.of(kAll2).accuracy, kLive + 0.05);
  EXPECT_GT(fixture.of(kAll2).sd, 0.05);
}

TEST(MicroProfiler, ExpectsNextTimeWhatTheFamilyBroughtLastTime) {
  Fixture fixture;
  const double before = fixture.of(kWide).accuracy;
  for (int window = 0; window < 8; ++window) {
    fixture.profiler.new_window();
    fixture.begin();
    fixture.profiler.choose("wide-e5");
    fixture.report(kWide, 5 * kSamples, 0.95);
  }
  fixture.begin(0);
  EXPECT_LT(before, 0.75);
  EXPECT_GT(fixture.of(kWide).accuracy, 0.85);
}

TEST(MicroProfiler, PromisesNoLessThanTheLiveModelSinceTheGateRefusesLess) {
  Fixture fixture;
  for (int i = 0; i < 5; ++i) fixture.report(kAll2, 64, 0.2);
  EXPECT_DOUBLE_EQ(fixture.of(kAll2).accuracy, kLive);
}

TEST(MicroProfiler, PromisesNoMoreThanTheCeilingUnlessTheLiveModelHasMore) {
  Fixture fixture;
  for (int i = 0; i < 5; ++i) fixture.report(kWide, 64, 1);
  EXPECT_LE(fixture.of(kWide).accuracy, MicroProfiler::kCeiling);
  fixture.profiler.begin({kSamples, kLabels, 1, Seconds{0}, 1});
  EXPECT_DOUBLE_EQ(fixture.of(kWide).accuracy, 1);
}

TEST(MicroProfiler, SuspendsTheWholeFamilyOfAJobThatFailed) {
  Fixture fixture;
  fixture.profiler.choose("head-e5");
  fixture.profiler.failed("head-e5");
  EXPECT_FALSE(fixture.of(kHead10).offered);
  EXPECT_DOUBLE_EQ(fixture.of(kHead10).accuracy, kLive);
  EXPECT_TRUE(fixture.of(kWide).offered);
  fixture.profiler.new_window();
  fixture.begin();
  const auto asked = fixture.profile();
  EXPECT_THAT(asked, Not(Contains("head")));
  EXPECT_THAT(asked, Contains("wide"));
  fixture.profiler.new_window();
  EXPECT_TRUE(fixture.of(kHead5).offered);
}

TEST(MicroProfiler, GoesOnWithTheOthersWhenASliceFails) {
  Fixture fixture;
  fixture.profiler.failed("head-e10");
  const auto asked = fixture.profile();
  EXPECT_THAT(asked, Not(Contains("head")));
  EXPECT_THAT(asked, Contains("all"));
}

TEST(MicroProfiler, GoesOnWithTheNextRoundWhenTheLastSliceOfOneFails) {
  Fixture fixture;
  fixture.report(kHead10, 32, 0.55);
  fixture.report(kWide, 32, 0.7);
  fixture.profiler.failed("all-e4");
  ASSERT_TRUE(fixture.profiler.next());
  EXPECT_EQ(fixture.profiler.next()->family, "head");
}

TEST(MicroProfiler, LeavesOutFamiliesFarFromTheFrontOfEarlierWindows) {
  const Candidate slow{"slow-e9", "slow", false, 9, 1, 32};
  Fixture fixture(1000, {kWide, slow});
  std::string seen;
  for (int window = 0; window < 12; ++window) {
    fixture.begin(1000);
    bool asked = false;
    while (const auto slice = fixture.profiler.next()) {
      asked = asked || slice->family == "slow";
      fixture.profiler.record(
          {slice->config, slice->samples, slice->family == "slow" ? 0.5 : 0.9, kLabels, Seconds{1}});
    }
    seen += asked ? 's' : '-';
    EXPECT_EQ(fixture.of(slow).offered, asked);
    EXPECT_TRUE(fixture.of(kWide).offered);
    fixture.profiler.new_window();
  }
  EXPECT_EQ(seen, "sss-------s-");
}

TEST(MicroProfiler, KnowsNoOtherConfigs) {
  Fixture fixture;
  fixture.profiler.choose("probe");
  fixture.profiler.failed("probe");
  fixture.profiler.finished("probe", 0.9, 10);
  fixture.profiler.record({"probe", 10, 0.9, 10, Seconds{1}});
  EXPECT_FALSE(fixture.profiler.forecast("probe").offered);
  EXPECT_TRUE(fixture.profiler.next());
}

// T6: whatever goes in, finite figures in their ranges come out, and the profile ends.
TEST(MicroProfiler, StaysFiniteWithImpossibleFigures) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const double figure : {0.0, -1.0, nan, infinity, -infinity, 1e308, 1e-308})
    for (const int count : {0, -7, 1, std::numeric_limits<int>::max()}) {
      SCOPED_TRACE(testing::Message() << figure << ", " << count);
      const std::vector<Candidate> candidates{{"a", "a", true, count, figure, count}, {"b", "b", false, 5, 1, 32}};
      MicroProfiler profiler(candidates, count);
      for (int window = 0; window < 3; ++window) {
        profiler.new_window();
        profiler.begin({count, count, figure, Seconds{figure}, figure});
        int slices = 0;
        for (; slices < 100 && profiler.next(); ++slices)
          profiler.record({profiler.next()->config, profiler.next()->samples, figure, count, Seconds{figure}});
        EXPECT_LT(slices, 100);
        profiler.record({"b", count, figure, count, Seconds{figure}});
        profiler.choose("b");
        profiler.finished("b", figure, count);
        for (const Forecast& forecast : profiler.forecasts()) {
          EXPECT_TRUE(forecast.accuracy >= 0 && forecast.accuracy <= 1) << forecast.accuracy;
          EXPECT_TRUE(forecast.sd >= 0 && forecast.sd <= 0.5) << forecast.sd;
          EXPECT_TRUE(forecast.work >= 1e-3 && forecast.work <= 1e6) << forecast.work;
        }
      }
    }
}

}  // namespace
}  // namespace ekya::profiler
