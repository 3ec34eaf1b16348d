// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/detection_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace ekya::learner {
namespace {

using ::testing::ElementsAre;

LabelledBox truth(float x1, float y1, float x2, float y2, int label = 0) { return {x1, y1, x2, y2, label}; }

Detection found(const LabelledBox& at, float confidence) { return {at.x1, at.y1, at.x2, at.y2, at.label, confidence}; }

const LabelledBox kLeft = truth(0, 0, 0.25F, 0.25F), kRight = truth(0.5F, 0.5F, 0.75F, 0.75F);

// tests/data/detection/coco_reference.json holds 40 random images and what pycocotools says of them.
struct Reference {
  nlohmann::json expected;
  int labels;
  std::vector<DetectionResult> images;
};

Reference coco_reference() {
  std::ifstream file(EKYA_TEST_DATA "/detection/coco_reference.json");
  const auto json = nlohmann::json::parse(file);
  Reference reference{json["average_precision"], json["labels"], {}};
  const auto in_frame = [](const nlohmann::json& v) { return v.get<float>() / 1024; };
  for (const auto& image : json["images"]) {
    DetectionResult result;
    for (const auto& t : image["truth"])
      result.truth.push_back(truth(in_frame(t[0]), in_frame(t[1]), in_frame(t[2]), in_frame(t[3]), t[4]));
    for (const auto& d : image["found"])
      result.found.push_back(
          {in_frame(d[0]), in_frame(d[1]), in_frame(d[2]), in_frame(d[3]), d[4], d[5].get<float>() / 128});
    reference.images.push_back(result);
  }
  return reference;
}

TEST(AveragePrecision, IsThatOfPycocotools) {
  const Reference reference = coco_reference();
  ASSERT_EQ(reference.images.size(), 40U);
  ASSERT_EQ(reference.expected.size(), 3U);
  for (const auto& expected : reference.expected) {
    SCOPED_TRACE("IoU " + expected["iou"].dump());
    const auto found = average_precision(reference.images, reference.labels, expected["iou"]);
    EXPECT_NEAR(found.mean, expected["mean"].get<double>(), 1e-12);
    ASSERT_EQ(found.of_class.size(), 4U);
    for (std::size_t label = 0; label < 4; ++label)
      EXPECT_NEAR(found.of_class[label], expected["of_class"][label].get<double>(), 1e-12) << label;
  }
}

TEST(AveragePrecision, IsOneForAllTruthsFoundAndNothingElse) {
  const DetectionResult image{{found(kLeft, 0.3F), found(kRight, 0.9F)}, {kLeft, kRight}};
  EXPECT_EQ(average_precision({&image, 1}, 1, 0.5).mean, 1);
}

// Found, wrong, found: precision 1 up to a recall of 1/2 (51 of the 101 points), 2/3 beyond (50 points).
TEST(AveragePrecision, CountsTheHighestPrecisionAtEachRecallOrBeyond) {
  const DetectionResult image{{found(kLeft, 0.9F), found(truth(0, 0.5F, 0.1F, 0.6F), 0.8F), found(kRight, 0.7F)},
                              {kLeft, kRight}};
  EXPECT_NEAR(average_precision({&image, 1}, 1, 0.5).mean, (51 + 50 * 2.0 / 3) / 101, 1e-12);
}

TEST(AveragePrecision, LeavesClassesWithoutATruthOutOfTheMean) {
  const DetectionResult image{{found(kLeft, 0.9F), found(truth(0, 0, 1, 1, 1), 0.9F)}, {kLeft}};
  const auto found = average_precision({&image, 1}, 3, 0.5);
  EXPECT_THAT(found.of_class, ElementsAre(1, -1, -1));
  EXPECT_EQ(found.mean, 1);
}

TEST(AveragePrecision, OfNothingIsUnknownAndOfNothingFoundIsZero) {
  EXPECT_EQ(average_precision({}, 2, 0.5).mean, -1);
  const DetectionResult missed{{}, {kLeft}};
  EXPECT_EQ(average_precision({&missed, 1}, 1, 0.5).mean, 0);
}

// 0.125 of 0.25 in one direction: IoU 1/2 exactly. 0.1 less: below.
TEST(ScoreDetections, CountsAnOverlapOfExactlyTheThreshold) {
  const DetectionResult half{{found(truth(0, 0, 0.125F, 0.25F), 0.9F)}, {kLeft}};
  EXPECT_EQ(score_detections({&half, 1}, 1, 0.5, 0).all.hits, 1);
  EXPECT_EQ(score_detections({&half, 1}, 1, 0.51, 0).all.hits, 0);
}

TEST(ScoreDetections, CountsASecondDetectionOfAnObjectAsExtra) {
  const DetectionResult image{{found(kLeft, 0.6F), found(kLeft, 0.9F)}, {kLeft, kRight}};
  const DetectionCounts counts = score_detections({&image, 1}, 1, 0.5, 0).all;
  EXPECT_EQ(counts.hits, 1);
  EXPECT_EQ(counts.extra, 1);
  EXPECT_EQ(counts.missed, 1);
  EXPECT_EQ(counts.precision(), 0.5);
  EXPECT_EQ(counts.recall(), 0.5);
  EXPECT_EQ(counts.f1(), 0.5);
}

TEST(ScoreDetections, LeavesWeakDetectionsOut) {
  const DetectionResult image{{found(kLeft, 0.6F), found(truth(0.8F, 0.8F, 0.9F, 0.9F), 0.3F)}, {kLeft}};
  EXPECT_EQ(score_detections({&image, 1}, 1, 0.5, 0.5).all.f1(), 1);
  EXPECT_NEAR(score_detections({&image, 1}, 1, 0.5, 0.3).all.f1(), 2.0 / 3, 1e-12);
  EXPECT_EQ(score_detections({&image, 1}, 1, 0.5, 0.7).all.f1(), 0);
}

TEST(ScoreDetections, KeepsClassesApart) {
  const DetectionResult image{{found(kLeft, 0.9F), found(kRight, 0.9F)},
                              {kLeft, truth(0.5F, 0.5F, 0.75F, 0.75F, 1)}};  // The right one is of class 1.
  const DetectionScore score = score_detections({&image, 1}, 3, 0.5, 0);
  EXPECT_EQ(score.of_class[0].hits, 1);
  EXPECT_EQ(score.of_class[0].extra, 1);
  EXPECT_EQ(score.of_class[1].missed, 1);
  EXPECT_NEAR(score.mean_f1, (2.0 / 3 + 0) / 2, 1e-12) << "class 2 has no truth";
  EXPECT_NEAR(score.all.f1(), 0.5, 1e-12);
}

TEST(ScoreDetections, IgnoresALabelThatDoesNotExist) {
  const DetectionResult image{{found(truth(0, 0, 1, 1, 7), 0.9F), found(truth(0, 0, 1, 1, -1), 0.9F)}, {kLeft}};
  const DetectionCounts counts = score_detections({&image, 1}, 1, 0.5, 0).all;
  EXPECT_EQ(counts.extra, 0);
  EXPECT_EQ(counts.missed, 1);
}

}  // namespace
}  // namespace ekya::learner
