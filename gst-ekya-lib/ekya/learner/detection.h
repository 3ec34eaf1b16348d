// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <vector>

#include "ekya/learner/model.h"

namespace ekya::learner {

constexpr std::size_t kMostDetections = 300;

/// Rows of a detector's output [M, 4 + labels] (5 + labels with an objectness score) to detections: the best class of
/// each row, kept at `threshold` and above, suppressed per class at info.iou_threshold, sorted by falling confidence,
/// at most kMostDetections. Rows that are not finite or have no area are dropped. Boxes are clipped to the frame.
/// Source: greedy non-maximum suppression.
std::vector<Detection> decode_detections(std::span<const float> rows, const DetectorInfo& info, float threshold);

}  // namespace ekya::learner
