// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/detection.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "ekya/learner/box.h"

namespace ekya::learner {
namespace {

Detection box_of(std::span<const float> row, const DetectorInfo& info) {
  Detection d{row[0], row[1], row[2], row[3]};
  if (info.boxes_are_centre_size)
    d = {row[0] - row[2] / 2, row[1] - row[3] / 2, row[0] + row[2] / 2, row[1] + row[3] / 2};
  const float scale = info.boxes_are_normalised ? 1.0F : 1.0F / static_cast<float>(info.input_size);
  for (float* v : {&d.x1, &d.y1, &d.x2, &d.y2}) *v = std::clamp(*v * scale, 0.0F, 1.0F);
  return d;
}

std::optional<Detection> decode_row(std::span<const float> row, const DetectorInfo& info, float threshold) {
  const float objectness = info.has_objectness ? row[4] : 1.0F;
  const auto scores = row.subspan(info.has_objectness ? 5 : 4);
  const auto best = std::ranges::max_element(scores);
  const float confidence = *best * objectness;
  if (!(confidence >= threshold)) return std::nullopt;  // Also for NaN.
  if (!std::ranges::all_of(row, [](float v) { return std::isfinite(v); })) return std::nullopt;
  Detection d = box_of(row, info);
  if (d.x2 <= d.x1 || d.y2 <= d.y1) return std::nullopt;
  d.label = static_cast<int>(best - scores.begin());
  d.confidence = std::min(confidence, 1.0F);
  return d;
}

}  // namespace

std::vector<Detection> decode_detections(std::span<const float> rows, const DetectorInfo& info, float threshold) {
  const std::size_t columns = info.labels.size() + (info.has_objectness ? 5 : 4);
  std::vector<Detection> candidates;
  for (std::size_t at = 0; at + columns <= rows.size(); at += columns)
    if (const auto d = decode_row(rows.subspan(at, columns), info, threshold)) candidates.push_back(*d);
  std::ranges::stable_sort(candidates, std::ranges::greater{}, &Detection::confidence);

  std::vector<Detection> kept;
  for (const Detection& d : candidates) {
    const bool covered = std::ranges::any_of(
        kept, [&](const Detection& k) { return k.label == d.label && iou(k, d) > info.iou_threshold; });
    if (!covered) kept.push_back(d);
    if (kept.size() == kMostDetections) break;
  }
  return kept;
}

}  // namespace ekya::learner
