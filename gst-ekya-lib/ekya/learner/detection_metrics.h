// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <vector>

#include "ekya/learner/model.h"

// How good a detector is. A detection is a hit if it is matched with a truth box of its class: the detections of an
// image choose in order of falling confidence, each the free truth box of largest IoU at or above the threshold. Pure
// functions, thread-safe. Boxes with a label outside [0, labels) are left out. Source: COCO's evaluation (pycocotools
// cocoeval.py), without crowds and area ranges.
namespace ekya::learner {

constexpr std::size_t kMostCounted =
    100;  ///< Detections of one class in one image that count: the most confident ones.

/// One image: what a detector found there and what is there. Boxes of both in the same unit.
struct DetectionResult {
  std::vector<Detection> found;
  std::vector<LabelledBox> truth;
};

struct AveragePrecision {
  std::vector<double> of_class;  ///< [labels], in [0, 1]; -1 for a class without a truth box.
  double mean = -1;              ///< mAP: over the classes with a truth box; -1 where there is none.
};

/// Area under the curve of precision over recall: the mean of the highest precision at a recall of at least r, for the
/// 101 values r = 0, 0.01, .. 1. `iou_threshold` in (0, 1]. Cost: O(detections × truths) for each image and class.
AveragePrecision average_precision(std::span<const DetectionResult> images, int labels, double iou_threshold);

struct DetectionCounts {
  int hits = 0;    ///< Detections that are matched.
  int extra = 0;   ///< Detections that are not.
  int missed = 0;  ///< Truth boxes that no detection is matched with.

  double precision() const;  ///< In [0, 1]; 0 without a detection.
  double recall() const;     ///< In [0, 1]; 0 without a truth box.
  double f1() const;         ///< Harmonic mean of both, in [0, 1]; 0 without a hit.
};

struct DetectionScore {
  std::vector<DetectionCounts> of_class;  ///< [labels]
  DetectionCounts all;                    ///< Their sum: all.f1() is the F1 score that Ekya's paper reports.
  double mean_f1 = -1;                    ///< Mean over the classes with a truth box; -1 where there is none.
};

/// Counts what a user sees who shows detections of at least `confidence`.
DetectionScore score_detections(std::span<const DetectionResult> images, int labels, double iou_threshold,
                                double confidence);

}  // namespace ekya::learner
