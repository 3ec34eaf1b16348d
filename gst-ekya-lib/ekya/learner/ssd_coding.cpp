// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/ssd_coding.h"

#include <algorithm>
#include <cmath>

#include "ekya/learner/box.h"

namespace ekya::learner {
namespace {

constexpr float kCentreVariance = 0.1F, kSizeVariance = 0.2F;
constexpr double kSmallest = 0.2, kLargest = 0.95;
constexpr double kMatched = 0.5;
constexpr std::size_t kOffsets = 4;
const float kMostStretch = std::log(1000.0F / 16);  // torchvision's: keeps exp() finite.

double scale_of(std::size_t map, std::size_t maps) {
  if (map == maps) return 1;
  if (maps == 1) return kSmallest;
  return kSmallest + (kLargest - kSmallest) * static_cast<double>(map) / (static_cast<double>(maps) - 1);
}

/// Widths and heights of the boxes of one map.
std::array<std::array<float, 2>, kBoxesPerCell> shapes_of(std::size_t map, std::size_t maps) {
  const double scale = scale_of(map, maps), between = std::sqrt(scale * scale_of(map + 1, maps));
  const auto shape = [](double width, double height) {
    return std::array{static_cast<float>(std::min(width, 1.0)), static_cast<float>(std::min(height, 1.0))};
  };
  const double two = std::sqrt(2.0), three = std::sqrt(3.0);
  return {shape(scale, scale),
          shape(between, between),
          shape(scale * two, scale / two),
          shape(scale / two, scale * two),
          shape(scale * three, scale / three),
          shape(scale / three, scale * three)};
}

LabelledBox corners(const DefaultBox& box) {
  return {box.x - box.width / 2, box.y - box.height / 2, box.x + box.width / 2, box.y + box.height / 2};
}

DefaultBox decode_box(std::span<const float> raw, const DefaultBox& base) {
  const auto stretch = [](float v) { return std::exp(std::min(v * kSizeVariance, kMostStretch)); };
  return {base.x + raw[0] * kCentreVariance * base.width, base.y + raw[1] * kCentreVariance * base.height,
          base.width * stretch(raw[2]), base.height * stretch(raw[3])};
}

/// Softmax of logits, background first.
std::vector<float> scores_of(std::span<const float> logits) {
  const float largest = *std::ranges::max_element(logits);
  std::vector<float> scores;
  float sum = 0;
  for (const float logit : logits) {
    scores.push_back(std::exp(logit - largest));
    sum += scores.back();
  }
  for (float& score : scores) score /= sum;
  return scores;
}

}  // namespace

std::vector<DefaultBox> ssd_default_boxes(std::span<const int> cells) {
  std::vector<DefaultBox> boxes;
  for (std::size_t map = 0; map < cells.size(); ++map) {
    const auto side = static_cast<float>(cells[map]);
    const auto shapes = shapes_of(map, cells.size());
    for (int row = 0; row < cells[map]; ++row)
      for (int column = 0; column < cells[map]; ++column)
        for (const auto& [width, height] : shapes)
          boxes.push_back(
              {(static_cast<float>(column) + 0.5F) / side, (static_cast<float>(row) + 0.5F) / side, width, height});
  }
  return boxes;
}

std::array<float, 4> encode_ssd(const LabelledBox& box, const DefaultBox& base) {
  return {((box.x1 + box.x2) / 2 - base.x) / (kCentreVariance * base.width),
          ((box.y1 + box.y2) / 2 - base.y) / (kCentreVariance * base.height),
          std::log((box.x2 - box.x1) / base.width) / kSizeVariance,
          std::log((box.y2 - box.y1) / base.height) / kSizeVariance};
}

std::vector<float> decode_ssd(std::span<const float> raw, std::span<const DefaultBox> boxes, float threshold) {
  std::vector<float> rows;
  if (boxes.empty()) return rows;
  const std::size_t columns = raw.size() / boxes.size();
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const auto row = raw.subspan(i * columns, columns);
    const std::vector<float> scores = scores_of(row.subspan(kOffsets));
    if (!(*std::max_element(scores.begin() + 1, scores.end()) >= threshold)) continue;
    const DefaultBox box = decode_box(row, boxes[i]);
    rows.insert(rows.end(), {box.x, box.y, box.width, box.height});
    rows.insert(rows.end(), scores.begin() + 1, scores.end());
  }
  return rows;
}

std::vector<int> match_ssd(std::span<const DefaultBox> boxes, std::span<const LabelledBox> truth) {
  std::vector<int> match(boxes.size(), -1);
  std::vector<double> best(boxes.size(), 0);
  std::vector<std::size_t> nearest(truth.size(), 0);
  for (std::size_t t = 0; t < truth.size(); ++t) {
    double nearest_iou = -1;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const double overlap = iou(corners(boxes[i]), truth[t]);
      if (overlap > nearest_iou) nearest_iou = overlap, nearest[t] = i;
      if (overlap < kMatched || overlap <= best[i]) continue;
      best[i] = overlap;
      match[i] = static_cast<int>(t);
    }
  }
  for (std::size_t t = 0; t < truth.size(); ++t) match[nearest[t]] = static_cast<int>(t);
  return match;
}

}  // namespace ekya::learner
