// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/yolo_coding.h"

#include <algorithm>
#include <cmath>

#include "ekya/learner/box.h"

namespace ekya::learner {
namespace {

constexpr double kIgnoreAbove = 0.5;
constexpr std::size_t kBoxColumns = 5;

float sigmoid(float v) { return 1 / (1 + std::exp(-v)); }

struct CentreBox {
  float x, y, width, height;
};

CentreBox decode_box(std::span<const float> raw, const YoloPrior& prior) {
  const auto cells = static_cast<float>(prior.cells);
  return {(sigmoid(raw[0]) + static_cast<float>(prior.column)) / cells,
          (sigmoid(raw[1]) + static_cast<float>(prior.row)) / cells, prior.width * std::exp(raw[2]),
          prior.height * std::exp(raw[3])};
}

LabelledBox corners(const CentreBox& box) {
  return {box.x - box.width / 2, box.y - box.height / 2, box.x + box.width / 2, box.y + box.height / 2};
}

/// IoU of two boxes with the same centre.
float shape_iou(float width, float height, const YoloPrior& prior) {
  const float shared = std::min(width, prior.width) * std::min(height, prior.height);
  return shared / (width * height + prior.width * prior.height - shared);
}

int cell_of(float at, int cells) { return std::clamp(static_cast<int>(at * static_cast<float>(cells)), 0, cells - 1); }

int responsible_row(const CentreBox& box, std::span<const YoloPrior> priors) {
  int best = 0;
  float best_iou = -1;
  for (std::size_t i = 0; i < priors.size(); ++i) {
    const YoloPrior& prior = priors[i];
    if (cell_of(box.x, prior.cells) != prior.column || cell_of(box.y, prior.cells) != prior.row) continue;
    const float overlap = shape_iou(box.width, box.height, prior);
    if (overlap <= best_iou) continue;
    best_iou = overlap;
    best = static_cast<int>(i);
  }
  return best;
}

YoloTargets::Positive target_of(const LabelledBox& truth, const CentreBox& box, int row, const YoloPrior& prior) {
  YoloTargets::Positive target;
  target.row = row;
  const auto cells = static_cast<float>(prior.cells);
  target.offset = {box.x * cells - static_cast<float>(prior.column), box.y * cells - static_cast<float>(prior.row)};
  for (float& offset : target.offset) offset = std::clamp(offset, 0.0F, 1.0F);
  target.stretch = {std::log(box.width / prior.width), std::log(box.height / prior.height)};
  target.size_weight = 2 - box.width * box.height;
  target.weight = truth.weight;
  target.label = truth.label;
  return target;
}

/// Leaves the objectness open of rows whose box is right in a way.
void ignore_overlapping(std::span<const float> raw, std::span<const YoloPrior> priors,
                        std::span<const LabelledBox> truth, std::vector<float>& weights) {
  const std::size_t columns = raw.size() / priors.size();
  for (std::size_t i = 0; i < priors.size(); ++i) {
    const LabelledBox box = corners(decode_box(raw.subspan(i * columns, columns), priors[i]));
    if (std::ranges::any_of(truth, [&](const LabelledBox& t) { return iou(box, t) > kIgnoreAbove; })) weights[i] = 0;
  }
}

}  // namespace

std::vector<YoloPrior> yolo_priors(int input_size, std::span<const YoloScale> scales, std::span<const float> anchors) {
  std::vector<YoloPrior> priors;
  for (const YoloScale& scale : scales) {
    const int cells = input_size / scale.stride;
    for (const int anchor : scale.mask) {
      const auto at = static_cast<std::size_t>(2 * anchor);
      const auto side = static_cast<float>(input_size);
      for (int row = 0; row < cells; ++row)
        for (int column = 0; column < cells; ++column)
          priors.push_back({column, row, cells, anchors[at] / side, anchors[at + 1] / side});
    }
  }
  return priors;
}

std::vector<float> decode_yolo(std::span<const float> raw, std::span<const YoloPrior> priors, float threshold) {
  std::vector<float> rows;
  if (priors.empty()) return rows;
  const std::size_t columns = raw.size() / priors.size();
  for (std::size_t i = 0; i < priors.size(); ++i) {
    const auto row = raw.subspan(i * columns, columns);
    const float objectness = sigmoid(row[4]);
    if (!(objectness >= threshold)) continue;
    const CentreBox box = decode_box(row, priors[i]);
    rows.insert(rows.end(), {box.x, box.y, box.width, box.height, objectness});
    for (const float score : row.subspan(kBoxColumns)) rows.push_back(sigmoid(score));
  }
  return rows;
}

YoloTargets assign_yolo(std::span<const float> raw, std::span<const YoloPrior> priors,
                        std::span<const LabelledBox> truth) {
  YoloTargets targets;
  targets.objectness.assign(priors.size(), 0);
  targets.objectness_weight.assign(priors.size(), 1);
  if (truth.empty()) return targets;
  ignore_overlapping(raw, priors, truth, targets.objectness_weight);
  for (const LabelledBox& t : truth) {
    const CentreBox box{(t.x1 + t.x2) / 2, (t.y1 + t.y2) / 2, t.x2 - t.x1, t.y2 - t.y1};
    const int row = responsible_row(box, priors);
    const auto at = static_cast<std::size_t>(row);
    if (targets.objectness[at] == 1) continue;
    targets.objectness[at] = 1;
    targets.objectness_weight[at] = t.weight;
    targets.positives.push_back(target_of(t, box, row, priors[at]));
  }
  return targets;
}

}  // namespace ekya::learner
