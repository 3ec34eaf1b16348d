// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <limits>
#include <random>

#include "ekyalabel/golden.h"
#include "ekyalabel/label_map.h"
#include "ekyalabel/matcher.h"
#include "ekyalabel/sampler.h"
#include "ekyalabel/teacher_filter.h"
#include "ekyalabel/worker.h"
#include "support/fake_engine.h"

namespace ekya::gst::label {
namespace {

using ekya::testing::fake_model_info;
using ekya::testing::FakeClassifier;
using ekya::testing::FakeDetector;
using ekya::testing::Fault;
using ekya::testing::Script;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// --- LabelMap

TEST(LabelMap, EmptyTextKeepsEveryLabel) {
  const auto map = LabelMap::parse("  ");
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(map->map("car"), "car");
  EXPECT_FALSE(map->none());
}

TEST(LabelMap, RenamesDropsAndCatchesTheRest) {
  const auto map = LabelMap::parse("car=vehicle, traffic light = signal ,cat=-,*=other,none=background");
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(map->map("car"), "vehicle");
  EXPECT_EQ(map->map("traffic light"), "signal");
  EXPECT_EQ(map->map("cat"), std::nullopt);
  EXPECT_EQ(map->map("dog"), "other");
  EXPECT_EQ(map->none(), "background");
}

TEST(LabelMap, LabelsThatNothingNamesKeepTheirName) {
  const auto map = LabelMap::parse("truck=car");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->map("bus"), "bus");
}

TEST(LabelMap, TheRestMayBeDropped) {
  const auto map = LabelMap::parse("car=car,*=-");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->map("bus"), std::nullopt);
}

TEST(LabelMap, RefusesWithEntryAndPosition) {
  const struct {
    std::string text;
    const char* what;
    const char* where;
  } rows[] = {
      {"car", "no \"=\"", "entry 1, at character 1"},
      {"car=a,bus", "no \"=\"", "entry 2, at character 7"},
      {"car=a,", "no \"=\"", "entry 2, at character 7"},
      {"car=a,,bus=b", "no \"=\"", "entry 2, at character 7"},
      {"=a", "label is missing", "entry 1, at character 1"},
      {"a=", "label is missing", "entry 1, at character 1"},
      {"a=b=c", "more than one \"=\"", "entry 1, at character 1"},
      {"a=b,c=d,a=e", "\"a\" is named a second time", "entry 3, at character 9"},
      {"*=a,*=b", "\"*\" is named a second time", "entry 2, at character 5"},
      {"none=a,none=-", "\"none\" is named a second time", "entry 2, at character 8"},
      {"a=\x1b[31m", "not plain UTF-8", "entry 1, at character 1"},
      {"a=b,c=\xff", "not plain UTF-8", "entry 2, at character 5"},
      {std::string("a=b\0c", 5), "not plain UTF-8", "entry 1, at character 1"},
      {"a=" + std::string(257, 'x'), "257 bytes", "entry 1, at character 1"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.text);
    const auto map = LabelMap::parse(row.text);
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(map.error().message, HasSubstr(row.what));
    EXPECT_THAT(map.error().message, HasSubstr(row.where));
  }
}

TEST(LabelMap, RefusesMoreThan4096Entries) {
  std::string text = "l0=x";
  for (int i = 1; i < 4096; ++i) text += ",l" + std::to_string(i) + "=x";
  EXPECT_TRUE(LabelMap::parse(text));
  EXPECT_FALSE(LabelMap::parse(text + ",more=x"));
}

// --- Sampler: numbers by hand

int count_sampled(Sampler& sampler, double fps, int frames, double rate, const std::function<bool()>& preferred = {}) {
  int sampled = 0;
  for (int i = 0; i < frames; ++i) sampled += sampler.wants(Seconds{i / fps}, rate, preferred);
  return sampled;
}

TEST(Sampler, KeepsTheRateOnAverage) {
  const struct {
    double fps, rate;
    int frames, sampled;
  } rows[] = {{30, 4, 300, 40},   {30, 2, 301, 21}, {30, 30, 300, 300}, {30, 1000, 300, 300}, {25, 0.5, 251, 6},
              {30, 7.5, 301, 76}, {5, 2, 51, 21},   {60, 59, 601, 591}, {30, 0, 300, 0}};
  for (const auto& row : rows) {
    SCOPED_TRACE(::testing::Message() << row.fps << " fps at " << row.rate);
    Sampler sampler;
    EXPECT_EQ(count_sampled(sampler, row.fps, row.frames, row.rate), row.sampled);
  }
}

TEST(Sampler, TakesNoBurstAfterAStall) {
  Sampler sampler;
  EXPECT_TRUE(sampler.wants(Seconds{0}, 2, nullptr));
  EXPECT_TRUE(sampler.wants(Seconds{30}, 2, nullptr));
  EXPECT_FALSE(sampler.wants(Seconds{30.1}, 2, nullptr));
  EXPECT_TRUE(sampler.wants(Seconds{30.5}, 2, nullptr));
}

TEST(Sampler, RepeatedAndBackwardTimesEarnNothing) {
  Sampler sampler;
  EXPECT_TRUE(sampler.wants(Seconds{10}, 1000, nullptr));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(sampler.wants(Seconds{10}, 1000, nullptr));
  EXPECT_FALSE(sampler.wants(Seconds{5}, 1000, nullptr));
  EXPECT_TRUE(sampler.wants(Seconds{5.1}, 1000, nullptr));
}

TEST(Sampler, PreferredFramesComeFirstAtTheSameRate) {
  Sampler plain, preferring, never;
  EXPECT_EQ(count_sampled(plain, 30, 301, 2), 21);
  EXPECT_EQ(count_sampled(preferring, 30, 301, 2, [] { return true; }), 21);
  EXPECT_EQ(count_sampled(never, 30, 301, 2, [] { return false; }), 20);  // each a period later

  Sampler sampler;
  EXPECT_TRUE(sampler.wants(Seconds{0}, 1, [] { return false; }));  // the first of all
  EXPECT_FALSE(sampler.wants(Seconds{1}, 1, [] { return false; }));
  EXPECT_TRUE(sampler.wants(Seconds{1.5}, 1, [] { return true; }));
  EXPECT_FALSE(sampler.wants(Seconds{2}, 1, [] { return false; }));
  EXPECT_TRUE(sampler.wants(Seconds{3}, 1, [] { return false; }));
}

TEST(Sampler, AsksForThePreferenceOnlyWhenAFrameIsDue) {
  Sampler sampler;
  int asked = 0;
  count_sampled(sampler, 30, 30, 1, [&] { return ++asked > 0; });
  EXPECT_EQ(asked, 0);  // the first frame is taken unasked; the next is due after a second
}

TEST(LabelBudget, BoundsTheLabelsOnAverage) {
  LabelBudget budget;
  std::uint64_t labels = 0;
  for (int i = 0; i < 3000; ++i)
    if (budget.has_room(Seconds{i / 30.0}, 5, labels)) labels += 3;
  EXPECT_GE(labels, 500u);
  EXPECT_LE(labels, 500u + 5 + 3);
}

TEST(LabelBudget, ZeroIsNoBound) {
  LabelBudget budget;
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(budget.has_room(Seconds{0}, 0, i * 1000));
  EXPECT_TRUE(budget.has_room(Seconds{0}, 1, 99'000));
}

// --- Matcher

TEST(MatchBoxes, PairsByFallingOverlapOneToOne) {
  const device::Rect regions[] = {{0, 0, 10, 10}, {100, 0, 10, 10}, {2, 0, 10, 10}};
  const device::Rect boxes[] = {{2, 0, 10, 10}, {0, 0, 10, 10}, {50, 50, 10, 10}};
  EXPECT_THAT(match_boxes(regions, boxes, 0.3), ElementsAre(1, -1, 0));
}

TEST(MatchBoxes, LeavesWhatOverlapsTooLittle) {
  const device::Rect regions[] = {{0, 0, 10, 10}};
  const device::Rect boxes[] = {{5, 0, 10, 10}};  // 50 of 150
  EXPECT_THAT(match_boxes(regions, boxes, 0.34), ElementsAre(-1));
  EXPECT_THAT(match_boxes(regions, boxes, 0.33), ElementsAre(0));
}

TEST(MatchBoxes, NeverPairsWhatDoesNotTouch) {
  const device::Rect regions[] = {{0, 0, 10, 10}};
  const device::Rect boxes[] = {{10, 0, 10, 10}};
  EXPECT_THAT(match_boxes(regions, boxes, 0), ElementsAre(-1));
}

// --- Golden

struct Picture {
  // Two regions of the fake classifier's colours side by side: class 1 with 0.9, class 2 with 0.4.
  Picture() : pixels(3 * 16 * 8) {
    for (int y = 0; y < 8; ++y) {
      for (int x = 0; x < 16; ++x) {
        std::uint8_t* p = &pixels[static_cast<std::size_t>(3 * (y * 16 + x))];
        p[0] = x < 8 ? 40 : 70;
        p[1] = x < 8 ? 230 : 102;
      }
    }
    view.width = 16, view.height = 8;
    view.plane[0] = pixels.data();
    view.size[0] = pixels.size();
    view.stride[0] = 48;
  }
  std::vector<std::uint8_t> pixels;
  device::ImageView view;
  std::vector<device::Rect> regions{{0, 0, 8, 8}, {8, 0, 8, 8}};
};

const Turn kAlways = [](const std::function<void()>& work) {
  work();
  return true;
};

Golden classifier(std::shared_ptr<Script> script = nullptr) {
  return Golden(std::make_shared<FakeClassifier>(fake_model_info({"car", "truck", "cat"}), std::move(script)));
}

// --- Labels that contradict each other

TEST(LabelNoise, IsWhatMakesTwoLabelsDifferThatOften) {
  EXPECT_NEAR(label_noise({100, 32}, 2), 0.2, 1e-12);    // 0.8² + 0.2² agree.
  EXPECT_NEAR(label_noise({1000, 492}, 6), 0.3, 1e-12);  // 0.7² + 0.3² / 5 agree.
  EXPECT_EQ(label_noise({100, 0}, 6), 0);
  EXPECT_EQ(label_noise({0, 0}, 6), 0);
  EXPECT_NEAR(label_noise({10, 10}, 2), 0.5, 1e-12);  // More than chance makes: no better than chance.
  EXPECT_NEAR(label_noise({100, 90}, 1), 0.5, 1e-12);
}

std::vector<bool> next(TrackFilter& filter, std::vector<device::Rect> rects, std::vector<std::string> labels) {
  return filter.add(rects, labels);
}

TEST(TrackFilter, DoubtsALabelThatTheObjectsOthersOutvote) {
  TrackFilter filter;
  const device::Rect at{10, 10, 20, 20};
  EXPECT_THAT(next(filter, {at}, {"car"}), ElementsAre(false));  // Nothing to compare with.
  EXPECT_EQ(filter.counts().tested, 0u);
  EXPECT_THAT(next(filter, {at}, {"bus"}), ElementsAre(true));  // One against one.
  EXPECT_EQ(filter.counts().tested, 1u);
  EXPECT_EQ(filter.counts().differed, 1u);
  EXPECT_THAT(next(filter, {at}, {"car"}), ElementsAre(false));
  EXPECT_THAT(next(filter, {at}, {"car"}), ElementsAre(false));
  EXPECT_EQ(filter.counts().differed, 0u);
  EXPECT_THAT(next(filter, {at}, {"van"}), ElementsAre(true));
}

// An object that has changed, or was called wrong at first: the newest five labels vote.
TEST(TrackFilter, BelievesANewLabelThatStays) {
  TrackFilter filter;
  const device::Rect at{10, 10, 20, 20};
  for (int i = 0; i < 9; ++i) next(filter, {at}, {"car"});
  EXPECT_THAT(next(filter, {at}, {"bus"}), ElementsAre(true));
  EXPECT_THAT(next(filter, {at}, {"bus"}), ElementsAre(true));
  EXPECT_THAT(next(filter, {at}, {"bus"}), ElementsAre(false));
}

TEST(TrackFilter, ComparesAnObjectWithItselfOnly) {
  TrackFilter filter;
  next(filter, {{0, 0, 20, 20}, {100, 0, 20, 20}}, {"car", "bus"});
  // In another order, both moved a little.
  EXPECT_THAT(next(filter, {{104, 2, 20, 20}, {3, 1, 20, 20}}, {"bus", "car"}), ElementsAre(false, false));
  // Moved by 12 of its 20 pixels: an overlap of a quarter is not the same object.
  EXPECT_THAT(next(filter, {{116, 2, 20, 20}}, {"van"}), ElementsAre(false));
  EXPECT_EQ(filter.counts().tested, 0u);
}

TEST(TrackFilter, ForgetsAnObjectThatIsNotThereAndEverythingWhenReset) {
  TrackFilter filter;
  const device::Rect at{0, 0, 20, 20};
  next(filter, {at}, {"car"});
  EXPECT_THAT(next(filter, {}, {}), IsEmpty());
  EXPECT_THAT(next(filter, {at}, {"bus"}), ElementsAre(false));
  filter.reset();
  EXPECT_THAT(next(filter, {at}, {"van"}), ElementsAre(false));
}

/// Objects of six classes, seen in 20 labelled frames each, with wrong labels one by one or in runs of five.
struct NoiseReport {
  int wrong = 0, wrong_doubted = 0, right = 0, right_doubted = 0;
  AgreementCounts counts;
  double dropped() const { return static_cast<double>(wrong_doubted) / wrong; }
  double lost() const { return static_cast<double>(right_doubted) / right; }
};

NoiseReport filter_noise(double rate, int run) {
  std::mt19937 random(9);
  std::uniform_real_distribution<> uniform(0, 1);
  NoiseReport report;
  for (int object = 0; object < 1000; ++object) {
    TrackFilter filter;
    int wrong_left = 0, wrong = 0;
    const int truth = static_cast<int>(random() % 6);
    for (int frame = 0; frame < 20; ++frame) {
      if (wrong_left > 0) --wrong_left;
      // A run begins as often as makes `rate` of all labels wrong.
      if (wrong_left == 0 && uniform(random) < rate / (run - (run - 1) * rate)) {
        wrong_left = run;
        wrong = (truth + 1 + static_cast<int>(random() % 5)) % 6;
      }
      const int label = wrong_left > 0 ? wrong : truth;
      const bool doubted = next(filter, {{0, 0, 20, 20}}, {std::to_string(label)})[0];
      ++(label == truth ? report.right : report.wrong);
      if (doubted) ++(label == truth ? report.right_doubted : report.wrong_doubted);
      report.counts.tested += filter.counts().tested;
      report.counts.differed += filter.counts().differed;
    }
  }
  std::printf(
      "%.0f %% wrong in runs of %d: %.1f %% of the wrong dropped, %.1f %% of the right lost, estimate %.1f %%\n",
      100.0 * report.wrong / (report.wrong + report.right), run, 100 * report.dropped(), 100 * report.lost(),
      100 * label_noise(report.counts, 6));
  return report;
}

TEST(TrackFilter, DropsMostLabelsThatAreWrongAtRandom) {
  for (const double rate : {0.1, 0.2, 0.3}) {
    SCOPED_TRACE(rate);
    const NoiseReport report = filter_noise(rate, 1);
    EXPECT_GE(report.dropped(), 0.9);
    EXPECT_LE(report.lost(), 0.5 * rate);
    EXPECT_NEAR(label_noise(report.counts, 6), rate, 0.01);
  }
}

// A teacher that is wrong for as long as a vote takes is believed after the third label.
TEST(TrackFilter, DropsAThirdOfTheLabelsThatAreWrongInRuns) {
  for (const double rate : {0.1, 0.2, 0.3}) {
    SCOPED_TRACE(rate);
    const NoiseReport report = filter_noise(rate, 5);
    EXPECT_GE(report.dropped(), 1.0 / 3);
    EXPECT_LT(label_noise(report.counts, 6), 0.5 * rate);  // Such noise is mostly not seen.
  }
}

TEST(Golden, LabelsRegionsAndMarksDoubtfulOnes) {
  const Picture picture;
  const Answer answer = classifier().label(picture.view, picture.regions, {}, kAlways);
  ASSERT_EQ(answer.labels.size(), 2u);
  ASSERT_TRUE(answer.labels[0] && answer.labels[1]);
  EXPECT_EQ(answer.labels[0]->label, "truck");
  EXPECT_NEAR(answer.labels[0]->confidence, 230 / 255.0, 1e-6);
  EXPECT_FALSE(answer.labels[0]->is_doubtful);
  EXPECT_EQ(answer.labels[1]->label, "cat");
  EXPECT_TRUE(answer.labels[1]->is_doubtful);
  EXPECT_EQ(answer.invalid, 0u);
  EXPECT_GT(answer.seconds, 0);
}

TEST(Golden, DropsLabelsBelowTheDoubtfulThreshold) {
  const Picture picture;
  Rules rules;
  rules.doubtful_threshold = 0.45;
  const Answer answer = classifier().label(picture.view, picture.regions, rules, kAlways);
  EXPECT_TRUE(answer.labels[0]);
  EXPECT_FALSE(answer.labels[1]);
}

TEST(Golden, DoubtsALabelThatTheMirroredViewContradicts) {
  Picture picture;
  for (int y = 0; y < 8; ++y) picture.pixels[static_cast<std::size_t>(3 * (y * 16 + 3))] = 8;  // Left of the middle.
  Rules rules;
  rules.doubtful_threshold = 0.1;
  rules.threshold = 0.2;
  rules.compare_mirrored = true;
  const Answer answer = classifier().label(picture.view, picture.regions, rules, kAlways);
  ASSERT_TRUE(answer.labels[0] && answer.labels[1]);
  EXPECT_EQ(answer.labels[0]->label, "truck");
  EXPECT_TRUE(answer.labels[0]->is_doubtful);
  EXPECT_FALSE(answer.labels[1]->is_doubtful);
  EXPECT_EQ(answer.mirrored.tested, 2u);
  EXPECT_EQ(answer.mirrored.differed, 1u);
  rules.compare_mirrored = false;
  EXPECT_FALSE(classifier().label(picture.view, picture.regions, rules, kAlways).labels[0]->is_doubtful);
}

TEST(Golden, AMirroredViewThatCannotBeJudgedDoubtsNothing) {
  const Picture picture;
  Rules rules;
  rules.threshold = 0.3;
  rules.compare_mirrored = true;
  const auto script = std::make_shared<Script>();
  script->at(2, Fault::kError);
  const Answer answer = classifier(script).label(picture.view, picture.regions, rules, kAlways);
  ASSERT_TRUE(answer.labels[0] && answer.labels[1]);
  EXPECT_FALSE(answer.labels[0]->is_doubtful || answer.labels[1]->is_doubtful);
  EXPECT_EQ(answer.invalid, 2u);
  EXPECT_EQ(answer.mirrored.tested, 0u);
}

TEST(Golden, CountsUnusableAnswersOfAClassifier) {
  const Picture picture;
  for (const Fault fault :
       {Fault::kError, Fault::kThrow, Fault::kNan, Fault::kInfinite, Fault::kWrongShape, Fault::kOutOfRange}) {
    const auto script = std::make_shared<Script>();
    script->at(1, fault);
    const Answer answer = classifier(script).label(picture.view, picture.regions, {}, kAlways);
    EXPECT_EQ(answer.invalid, 2u) << static_cast<int>(fault);
    EXPECT_FALSE(answer.problem.empty());
    EXPECT_FALSE(answer.labels[0] || answer.labels[1]);
  }
}

TEST(Golden, ComputesInSmallTurnsAndNoMoreThan64Regions) {
  const Picture picture;
  const std::vector<device::Rect> many(100, {0, 0, 8, 8});
  int turns = 0;
  const Answer answer = classifier().label(picture.view, many, {}, [&](const std::function<void()>& work) {
    work();
    return ++turns > 0;
  });
  EXPECT_EQ(turns, 8);
  EXPECT_TRUE(answer.labels[63]);
  EXPECT_FALSE(answer.labels[64]);
}

TEST(Golden, StopsWhereATurnIsRefused) {
  const Picture picture;
  const std::vector<device::Rect> many(20, {0, 0, 8, 8});
  int turns = 0;
  const Answer answer = classifier().label(picture.view, many, {}, [&](const std::function<void()>& work) {
    if (++turns == 2) return false;
    work();
    return true;
  });
  EXPECT_TRUE(answer.is_refused);
  EXPECT_EQ(turns, 2);
  EXPECT_TRUE(answer.labels[7]);
  EXPECT_FALSE(answer.labels[8]);
}

Golden detector(std::vector<learner::Detection> found, std::shared_ptr<Script> script = nullptr) {
  learner::DetectorInfo info;
  info.labels = {"car", "truck", "cat"};
  info.input_size = 8;
  return Golden(std::make_shared<FakeDetector>(info, std::move(found), std::move(script)));
}

TEST(Golden, ADetectorsBoxesLabelTheRegionsThatTheyMatch) {
  const Picture picture;
  Rules rules;
  rules.map = *LabelMap::parse("truck=vehicle,none=other");
  const Answer answer = detector({{0, 0, 0.5f, 1, 1, 0.8f}}).label(picture.view, picture.regions, rules, kAlways);
  ASSERT_TRUE(answer.labels[0] && answer.labels[1]);
  EXPECT_EQ(answer.labels[0]->label, "vehicle");
  EXPECT_EQ(answer.labels[1]->label, "other");
}

// The fake detector does not see that the frame is mirrored: only a box in the middle is found again.
TEST(Golden, DoubtsABoxThatTheMirroredViewLacks) {
  const Picture picture;
  Rules rules;
  rules.add_regions = rules.compare_mirrored = true;
  const Answer answer =
      detector({{0.25f, 0, 0.75f, 1, 1, 0.9f}, {0, 0, 0.4f, 1, 1, 0.8f}}).label(picture.view, {}, rules, kAlways);
  ASSERT_EQ(answer.added.size(), 2u);
  EXPECT_FALSE(answer.added[0].label.is_doubtful);
  EXPECT_TRUE(answer.added[1].label.is_doubtful);
  EXPECT_EQ(answer.mirrored.tested, 2u);
  EXPECT_EQ(answer.mirrored.differed, 1u);
}

TEST(Golden, ARegionWhoseBoxIsDroppedIsNotUnmatched) {
  const Picture picture;
  Rules rules;
  rules.map = *LabelMap::parse("truck=-,none=other");
  const Answer answer = detector({{0, 0, 0.5f, 1, 1, 0.8f}}).label(picture.view, picture.regions, rules, kAlways);
  EXPECT_FALSE(answer.labels[0]);
  EXPECT_TRUE(answer.labels[1]);
}

TEST(Golden, BoxesBecomeRegionsOnlyWhereTheFrameHasNone) {
  const Picture picture;
  Rules rules;
  rules.add_regions = true;
  const Golden golden = detector({{0, 0, 0.5f, 1, 1, 0.8f}, {0.5f, 0, 1, 1, 2, 0.35f}});
  const Answer added = golden.label(picture.view, {}, rules, kAlways);
  ASSERT_EQ(added.added.size(), 2u);
  EXPECT_EQ(added.added[0].rect.width, 8);
  EXPECT_EQ(added.added[1].label.label, "cat");
  EXPECT_TRUE(added.added[1].label.is_doubtful);
  EXPECT_TRUE(golden.label(picture.view, picture.regions, rules, kAlways).added.empty());
}

TEST(Golden, CountsUnusableBoxesAndUsesTheOthers) {
  const Picture picture;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Golden golden = detector({{0, 0, 0.5f, 1, 1, 0.8f},
                                  {nan, 0, 1, 1, 1, 0.8f},
                                  {0.5f, 0.5f, 0.5f, 0.5f, 1, 0.8f},
                                  {0, 0, 1, 1, 3, 0.8f},
                                  {0, 0, 1, 1, -1, 0.8f},
                                  {0, 0, 1, 1, 1, 1e9f}});
  const Answer answer = golden.label(picture.view, picture.regions, {}, kAlways);
  EXPECT_EQ(answer.invalid, 5u);
  EXPECT_TRUE(answer.labels[0]);
}

// --- Worker

Worker::Time in(double seconds) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(Seconds{seconds});
}

bool never() { return false; }

Worker::End wait_to_the_end(Worker& worker) {
  auto end = Worker::End::kNotYet;
  while (end == Worker::End::kNotYet) end = worker.wait(never, in(5));
  return end;
}

TEST(LabelWorker, RunsJobsOneByOneAndSurvivesExceptions) {
  std::atomic<int> sum{0};
  Worker worker([&] { sum += 100; });
  worker.start([] { throw 1; });
  EXPECT_EQ(wait_to_the_end(worker), Worker::End::kDone);
  worker.start([&] { sum += 1; });
  EXPECT_EQ(wait_to_the_end(worker), Worker::End::kDone);
  EXPECT_EQ(sum, 101);
  EXPECT_TRUE(worker.stop(std::chrono::seconds(5)));
}

TEST(LabelWorker, IsLeftBehindWhenItHangs) {
  const auto script = std::make_shared<Script>();
  script->always(Fault::kHang);
  const auto alive = std::make_shared<int>(1);
  {
    Worker worker([] {});
    worker.start([script, alive] { script->next(); });
    EXPECT_EQ(worker.wait([] { return true; }, in(5)), Worker::End::kGivenUp);
    EXPECT_EQ(worker.wait(never, in(0.01)), Worker::End::kNotYet);
    EXPECT_FALSE(worker.stop(std::chrono::milliseconds(20)));
  }
  EXPECT_EQ(alive.use_count(), 2);
  script->release();
  for (int i = 0; i < 5000 && alive.use_count() > 1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace ekya::gst::label
