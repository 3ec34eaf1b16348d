// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <span>
#include <vector>

#include "ekya/learner/model.h"

// What a YOLOv3 output row means, and which row has to find which object. Pure functions, thread-safe. Boxes are in
// fractions of the frame.
// Source: Redmon and Farhadi, "YOLOv3: An Incremental Improvement", 2018, section 2.1, and darknet's yolo_layer.c.
namespace ekya::learner {

/// Where an output row looks, and from which size it starts.
struct YoloPrior {
  int column = 0, row = 0;      ///< Of its cell.
  int cells = 1;                ///< Cells on a side of the frame.
  float width = 0, height = 0;  ///< Of its anchor.
};

/// One output map: cells of `stride` pixels of the input, three anchors in each.
struct YoloScale {
  int stride = 32;
  std::array<int, 3> mask{};  ///< Which anchors, as in darknet's cfg.
};

/// Priors in the order of the output rows: scale, anchor, row, column; the scales' 3 (input_size / stride)² each.
/// `anchors`: width, height, width, height, ... in pixels of the input.
std::vector<YoloPrior> yolo_priors(int input_size, std::span<const YoloScale> scales, std::span<const float> anchors);

/// raw: [priors, 5 + labels]: x, y, width, height, objectness, classes, as the network gives them. Gives rows for
/// decode_detections() with centre and size, objectness and scores of the classes, only those whose objectness is at
/// `threshold` or above: b_x = (σ(t_x) + column) / cells, b_w = anchor × exp(t_w), scores σ(t).
std::vector<float> decode_yolo(std::span<const float> raw, std::span<const YoloPrior> priors, float threshold);

/// What the network should have given for one image.
struct YoloTargets {
  /// One truth box and the row that has to find it.
  struct Positive {
    int row = 0;
    std::array<float, 2> offset{};   ///< σ(t_x), σ(t_y): place within the cell, [0, 1).
    std::array<float, 2> stretch{};  ///< t_w, t_h: logarithm of size / anchor.
    float size_weight = 1;           ///< 2 - width × height: a small box's error counts up to twice.
    float weight = 1;                ///< Of the label.
    int label = 0;
  };
  std::vector<Positive> positives;
  std::vector<float> objectness;         ///< [priors], 1 for positives, else 0.
  std::vector<float> objectness_weight;  ///< [priors], 0 where the answer is open: see assign_yolo().
};

/// Each truth box is found by the row of its centre's cell whose anchor, centred on it, has the largest IoU over all
/// scales; of two boxes with the same row the first one counts. Any other row whose box as it is now overlaps a truth
/// box by more than 0.5 is right in a way: its objectness is left open. Cost: O(priors × truth).
YoloTargets assign_yolo(std::span<const float> raw, std::span<const YoloPrior> priors,
                        std::span<const LabelledBox> truth);

}  // namespace ekya::learner
