// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "detector_fixtures.h"

namespace ekya::learner::testing {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<DetectorTrainingJob> start(const Detector& from, const LabelledFrames& data,
                                           const TrainOptions& options) {
  auto job = torch_engine().train_detector(from, data, options);
  EXPECT_TRUE(job) << job.error().message;
  return *std::move(job);
}

TrainOptions quick(TrainedLayers layers, int epochs) {
  TrainOptions options;
  options.layers = layers;
  options.epochs = epochs;
  options.batch_size = 8;
  return options;
}

double mean_average_precision(const Detector& detector, const LabelledFrames& frames) {
  return average_precision(results(detector, frames, 0.01F), 3, 0.5).mean;
}

// Every row of the network is the same; the loss is that of the paper's terms, written once more in numpy.
TEST(YoloLoss, IsTheSumOfThePapersTermsPerObject) {
  const auto detector = build_detector(constant_yolo({0.2F, -0.3F, 0.1F, -0.2F, -1, 0.5F, -0.5F}));
  LabelledFrames frame = shape_frames(1, 64);
  frame.boxes = {{{0.1F, 0.2F, 0.5F, 0.7F, 0, 1}, {0.6F, 0.55F, 0.72F, 0.7F, 1, 0.5F}}};
  const auto report = start(*detector, frame, quick(TrainedLayers::kHead, 1))->step();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NEAR(report->loss, 13.1724338, 1e-4);
}

// 60 rows at a logit of -1: 60 × log(1 + 1/e), and nothing is there.
TEST(YoloLoss, OfAFrameWithoutAnObjectIsThatOfTheObjectness) {
  const auto detector = build_detector(constant_yolo({0, 0, 0, 0, -1, 0}));
  LabelledFrames frame = shape_frames(1, 64);
  frame.boxes = {{}};
  const auto report = start(*detector, frame, quick(TrainedLayers::kHead, 1))->step();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NEAR(report->loss, 18.7957012, 1e-4);
}

// As above: two rows are matched, so six of the background count.
TEST(SsdLoss, IsThatOfMultiBoxPerMatchedRow) {
  const auto detector = build_detector(constant_ssd({0.2F, -0.3F, 0.1F, -2, 1, 0.5F, -0.5F}));
  LabelledFrames frame = shape_frames(1, 64);
  frame.boxes = {{{0.1F, 0.2F, 0.5F, 0.7F, 0, 1}, {0.6F, 0.55F, 0.72F, 0.7F, 1, 0.5F}}};
  const auto report = start(*detector, frame, quick(TrainedLayers::kHead, 1))->step();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NEAR(report->loss, 8.1542418, 1e-4);
}

TEST(SsdLoss, OfAFrameWithoutAnObjectIsThatOfThreeRowsOfBackground) {
  const auto detector = build_detector(constant_ssd({0, 0, 0, 0, 1, 0.5F, -0.5F}));
  LabelledFrames frame = shape_frames(1, 64);
  frame.boxes = {{}};
  const auto report = start(*detector, frame, quick(TrainedLayers::kHead, 1))->step();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NEAR(report->loss, 1.8123918, 1e-5);
}

class Detectors : public ::testing::TestWithParam<std::string> {};

TEST_P(Detectors, LearnSixteenFramesWithAllLayers) {
  const auto before = build_detector(fresh_weights(detector_student(GetParam())));
  const LabelledFrames frames = shape_frames(16);
  EXPECT_LT(mean_average_precision(*before, frames), 0.1);
  TrainOptions options = quick(TrainedLayers::kAll, 100);
  if (GetParam() == "ssdlite_mobilenet_v2") options.learning_rate = 0.1;
  const auto job = start(*before, frames, options);
  run_all(*job);
  const auto after = job->detector();
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_GT(mean_average_precision(**after, frames), 0.8);
  EXPECT_GT(score_detections(results(**after, frames, 0.4F), 3, 0.5, 0.4).all.f1(), 0.8);
}

TEST_P(Detectors, LearnWithTheHeadOnAFrozenTrunk) {
  const auto fresh = build_detector(fresh_weights(detector_student(GetParam())));
  const LabelledFrames frames = shape_frames(8);
  const auto job = start(*fresh, frames, quick(TrainedLayers::kHead, 40));
  const auto first = job->step();
  ASSERT_TRUE(first);
  double last = first->loss;
  for (int i = 1; i < job->steps(); ++i) {
    const auto report = job->step();
    ASSERT_TRUE(report) << report.error().message;
    last = report->loss;
  }
  EXPECT_LT(last, 0.5 * first->loss);
}

TEST_P(Detectors, KeepTheTrunkBitByBitWhereTheHeadIsTrained) {
  const WeightsFile before = fresh_weights(detector_student(GetParam()));
  const auto job = start(*build_detector(before), shape_frames(8), quick(TrainedLayers::kHead, 2));
  run_all(*job);
  const WeightsFile after = *job->weights();
  ASSERT_EQ(after.tensors.size(), before.tensors.size());
  int changed = 0;
  for (const auto& [name, tensor] : before.tensors) {
    const bool is_head = name.starts_with("module_list.15.") || name.starts_with("module_list.22.") ||
                         (name.starts_with("head.") && name.find(".running_") == std::string::npos);
    const bool differs = after.tensors.at(name).data != tensor.data;
    EXPECT_TRUE(is_head || !differs) << name;
    changed += differs;
  }
  EXPECT_GT(changed, 3);
}

INSTANTIATE_TEST_SUITE_P(All, Detectors, ::testing::Values("yolov3_tiny", "ssdlite_mobilenet_v2"),
                         [](const auto& info) { return info.param; });

struct Kind {
  const char* architecture;
  TrainedLayers layers;
};
class AllKinds : public ::testing::TestWithParam<Kind> {};

TEST_P(AllKinds, GiveTheSameWeightsForTheSameSeed) {
  const auto before = build_detector(fresh_weights(detector_student(GetParam().architecture)));
  const auto weights = [&](std::uint64_t seed) {
    TrainOptions options = quick(GetParam().layers, 2);
    options.batch_size = 4;
    options.seed = seed;
    options.mirror = true;
    const auto job = start(*before, shape_frames(8), options);
    run_all(*job);
    return serialize(*job->weights());
  };
  const auto first = weights(5);
  EXPECT_EQ(first, weights(5));
  EXPECT_NE(first, weights(6));
}

TEST_P(AllKinds, LeaveTheLiveDetectorAloneAndKeepItsDescription) {
  ModelInfo info = detector_student(GetParam().architecture);
  info.generation = 12;
  const auto before = build_detector(fresh_weights(info));
  const LabelledFrames frames = shape_frames(4);
  const auto boxes = [&] { return results(*before, frames, 0).at(0).found.at(0); };
  const Detection expected = boxes();
  const auto job = start(*before, frames, quick(GetParam().layers, 3));
  run_all(*job);
  EXPECT_EQ(boxes().x1, expected.x1);
  EXPECT_EQ(boxes().confidence, expected.confidence);
  const auto found = model_info(*job->weights());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->generation, 12U);
  EXPECT_EQ(found->task, ModelTask::kDetection);
  EXPECT_EQ(found->anchors, model_info(fresh_weights(info))->anchors);
}

TEST_P(AllKinds, TrainOnASingleFrameAndOnOneWithoutAnObject) {
  const auto before = build_detector(fresh_weights(detector_student(GetParam().architecture)));
  LabelledFrames frames = shape_frames(1);
  run_all(*start(*before, frames, quick(GetParam().layers, 3)));
  frames.boxes[0].clear();
  run_all(*start(*before, frames, quick(GetParam().layers, 3)));
}

TEST_P(AllKinds, FailWhenTheyDivergeAndStayFailed) {
  TrainOptions options = quick(GetParam().layers, 50);
  options.learning_rate = 1e30;
  const auto job =
      start(*build_detector(fresh_weights(detector_student(GetParam().architecture))), shape_frames(4), options);
  Result<StepReport> report = job->step();
  for (int i = 1; report && i < job->steps(); ++i) report = job->step();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInternal);
  EXPECT_THAT(report.error().message, HasSubstr("diverged"));
  EXPECT_FALSE(job->step());
}

TEST_P(AllKinds, RefuseAStepAfterTheLast) {
  const auto job = start(*build_detector(fresh_weights(detector_student(GetParam().architecture))), shape_frames(2),
                         quick(GetParam().layers, 1));
  run_all(*job);
  const auto more = job->step();
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, AllKinds,
                         ::testing::Values(Kind{"yolov3_tiny", TrainedLayers::kHead},
                                           Kind{"yolov3_tiny", TrainedLayers::kAll},
                                           Kind{"ssdlite_mobilenet_v2", TrainedLayers::kHead},
                                           Kind{"ssdlite_mobilenet_v2", TrainedLayers::kAll}),
                         [](const auto& info) {
                           return std::string(info.param.architecture) +
                                  (info.param.layers == TrainedLayers::kHead ? "_head" : "_all");
                         });

TEST(DetectorTraining, RefusesFramesThatMakeNoSense) {
  const auto detector = build_detector(fresh_weights(detector_student("yolov3_tiny")));
  const LabelledFrames good = shape_frames(2);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto with = [&](const LabelledBox& box) {
    LabelledFrames frames = good;
    frames.boxes[1].push_back(box);
    return frames;
  };
  LabelledFrames none, small = shape_frames(2, 64), cut = good;
  none.size = 96;
  cut.pixels.pop_back();
  for (const LabelledFrames& frames :
       {none, small, cut, with({0.5F, 0.5F, 0.5F, 0.6F}), with({0.5F, 0.6F, 0.6F, 0.5F}), with({-0.1F, 0, 0.5F, 0.5F}),
        with({0, 0, 1.1F, 0.5F}), with({nan, 0, 0.5F, 0.5F}), with({0, 0, 0.5F, 0.5F, 3}), with({0, 0, 0.5F, 0.5F, -1}),
        with({0, 0, 0.5F, 0.5F, 0, 0}), with({0, 0, 0.5F, 0.5F, 0, nan})}) {
    const auto job = torch_engine().train_detector(*detector, frames, quick(TrainedLayers::kAll, 1));
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().code, ErrorCode::kInvalidArgument) << job.error().message;
  }
  TrainOptions options = quick(TrainedLayers::kAll, 0);
  EXPECT_FALSE(torch_engine().train_detector(*detector, good, options));
}

}  // namespace
}  // namespace ekya::learner::testing
