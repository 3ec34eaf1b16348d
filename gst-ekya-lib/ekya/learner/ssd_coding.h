// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <span>
#include <vector>

#include "ekya/learner/model.h"

// What an SSD output row means, and which rows have to find which object. Pure functions, thread-safe. Boxes are in
// fractions of the frame.
// Source: Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, section 2.2; sizes and order as torchvision's
// ssdlite320 (DefaultBoxGenerator with aspect ratios 2 and 3, min_ratio 0.2, max_ratio 0.95).
namespace ekya::learner {

constexpr int kBoxesPerCell = 6;

/// Centre and size.
struct DefaultBox {
  float x = 0, y = 0, width = 0, height = 0;
};

/// Default boxes of square output maps with `cells[k]` cells on a side, from fine to coarse: map, row, column, shape.
/// At the scale s_k = 0.2 + 0.75 k / (maps - 1): a square of s_k, one of √(s_k s_{k+1}), then s_k at the aspect ratios
/// 2, 1/2, 3, 1/3; sides of at most 1.
std::vector<DefaultBox> ssd_default_boxes(std::span<const int> cells);

/// Offsets of a box from a default box, with variances 0.1 for the centre and 0.2 for the size:
/// (x - x_d) / (0.1 w_d), (y - y_d) / (0.1 h_d), log(w / w_d) / 0.2, log(h / h_d) / 0.2.
std::array<float, 4> encode_ssd(const LabelledBox& box, const DefaultBox& base);

/// raw: [boxes, 4 + 1 + labels]: offsets, then logits with the background first. Gives rows for decode_detections():
/// centre and size, then the softmax without the background; only those with a score of at least `threshold`.
std::vector<float> decode_ssd(std::span<const float> raw, std::span<const DefaultBox> boxes, float threshold);

/// For each default box the index of the truth box that it has to find, -1 for background: the truth box of largest IoU
/// if that is at least 0.5; and for each truth box at least the default box that is nearest to it.
std::vector<int> match_ssd(std::span<const DefaultBox> boxes, std::span<const LabelledBox> truth);

}  // namespace ekya::learner
