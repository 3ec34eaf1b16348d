// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ssd_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

namespace ekya::learner {
namespace {

constexpr std::int64_t kOffsets = 4;
constexpr std::size_t kNegativesPerPositive = 3;
constexpr std::int64_t kNoIgnoredLabel = -100;

/// The targets of a batch, rows counted through all its images.
struct BatchTargets {
  std::vector<std::int64_t> classes;    ///< [N × boxes], 0: background, else 1 + label.
  std::vector<std::int64_t> positives;  ///< [P], rows.
  std::vector<float> offsets, weights;  ///< [P, 4], [P]
  std::vector<std::size_t> in_image;    ///< [N], positives of each image.
};

void add(std::span<const DefaultBox> boxes, std::span<const LabelledBox> truth, BatchTargets& targets) {
  const std::vector<int> match = match_ssd(boxes, truth);
  const std::size_t before = targets.positives.size();
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const auto row = static_cast<std::int64_t>(targets.classes.size());
    targets.classes.push_back(0);
    if (match[i] < 0) continue;
    const LabelledBox& box = truth[static_cast<std::size_t>(match[i])];
    const auto offsets = encode_ssd(box, boxes[i]);
    targets.classes.back() = 1 + box.label;
    targets.positives.push_back(row);
    targets.offsets.insert(targets.offsets.end(), offsets.begin(), offsets.end());
    targets.weights.push_back(box.weight);
  }
  targets.in_image.push_back(targets.positives.size() - before);
}

/// Marks the background rows of one image with the largest losses.
void choose_negatives(std::span<const float> losses, std::span<const std::int64_t> classes, std::size_t wanted,
                      std::span<float> weights) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (classes[i] == 0) rows.push_back(i);
  wanted = std::min(wanted, rows.size());
  const auto worse = [&](std::size_t a, std::size_t b) {
    return losses[a] > losses[b] || (losses[a] == losses[b] && a < b);
  };
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(wanted), rows.end(), worse);
  for (std::size_t i = 0; i < wanted; ++i) weights[rows[i]] = 1;
}

/// [N × boxes]: the label's weight for matched rows, 1 for the chosen rows of the background, else 0.
std::vector<float> weights_of_classes(const at::Tensor& losses, const BatchTargets& targets, std::size_t boxes) {
  const at::Tensor values = losses.detach().contiguous();
  std::vector<float> weights(targets.classes.size(), 0);
  for (std::size_t image = 0; image < targets.in_image.size(); ++image)
    choose_negatives({values.const_data_ptr<float>() + image * boxes, boxes},
                     std::span(targets.classes).subspan(image * boxes, boxes),
                     kNegativesPerPositive * std::max<std::size_t>(1, targets.in_image[image]),
                     std::span(weights).subspan(image * boxes, boxes));
  for (std::size_t i = 0; i < targets.positives.size(); ++i)
    weights[static_cast<std::size_t>(targets.positives[i])] = targets.weights[i];
  return weights;
}

}  // namespace

at::Tensor ssd_loss(const at::Tensor& outputs, std::span<const DefaultBox> boxes,
                    std::span<const std::vector<LabelledBox>> truth) {
  BatchTargets targets;
  for (const auto& image : truth) add(boxes, image, targets);
  const at::Tensor rows = outputs.reshape({-1, outputs.size(2)});
  const at::Tensor logits = rows.narrow(1, kOffsets, rows.size(1) - kOffsets);
  const at::Tensor each =
      at::cross_entropy_loss(logits, at::tensor(targets.classes), {}, at::Reduction::None, kNoIgnoredLabel);
  at::Tensor loss = (each * at::tensor(weights_of_classes(each, targets, boxes.size()))).sum();
  const auto count = static_cast<std::int64_t>(targets.positives.size());
  if (count > 0) {
    const at::Tensor found = rows.index_select(0, at::tensor(targets.positives)).narrow(1, 0, kOffsets);
    const at::Tensor error =
        at::smooth_l1_loss(found, at::tensor(targets.offsets).view({count, kOffsets}), at::Reduction::None);
    loss = loss + (error * at::tensor(targets.weights).view({count, 1})).sum();
  }
  return loss / static_cast<double>(std::max<std::int64_t>(1, count));
}

}  // namespace ekya::learner
