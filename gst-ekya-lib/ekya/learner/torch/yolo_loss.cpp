// SPDX-License-Identifier: LGPL-2.1-or-later
#include "yolo_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace ekya::learner {
namespace {

/// The targets of a batch, rows counted through all its images.
struct BatchTargets {
  std::vector<std::int64_t> rows;                    ///< [positives]
  std::vector<std::int64_t> labels;                  ///< [positives]
  std::vector<float> offsets, stretches;             ///< [positives, 2]
  std::vector<float> weights, box_weights;           ///< [positives]
  std::vector<float> objectness, objectness_weight;  ///< [N × priors]
};

void add(const YoloTargets& targets, std::int64_t first_row, BatchTargets& batch) {
  for (const YoloTargets::Positive& p : targets.positives) {
    batch.rows.push_back(first_row + p.row);
    batch.labels.push_back(p.label);
    batch.offsets.insert(batch.offsets.end(), p.offset.begin(), p.offset.end());
    batch.stretches.insert(batch.stretches.end(), p.stretch.begin(), p.stretch.end());
    batch.weights.push_back(p.weight);
    batch.box_weights.push_back(p.weight * p.size_weight);
  }
  batch.objectness.insert(batch.objectness.end(), targets.objectness.begin(), targets.objectness.end());
  batch.objectness_weight.insert(batch.objectness_weight.end(), targets.objectness_weight.begin(),
                                 targets.objectness_weight.end());
}

BatchTargets assign(const at::Tensor& outputs, std::span<const YoloPrior> priors,
                    std::span<const std::vector<LabelledBox>> truth) {
  const at::Tensor now = outputs.detach().contiguous();
  const std::size_t values = priors.size() * static_cast<std::size_t>(now.size(2));
  BatchTargets batch;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const std::span<const float> raw(now.const_data_ptr<float>() + i * values, values);
    add(assign_yolo(raw, priors, truth[i]), static_cast<std::int64_t>(i * priors.size()), batch);
  }
  return batch;
}

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& target, const at::Tensor& weight) {
  return at::binary_cross_entropy_with_logits(logits, target, weight, {}, at::Reduction::Sum);
}

at::Tensor loss_of_positives(const at::Tensor& found, const BatchTargets& targets) {
  const auto count = static_cast<std::int64_t>(targets.rows.size());
  const at::Tensor box_weight = at::tensor(targets.box_weights).view({count, 1});
  const at::Tensor offsets = at::tensor(targets.offsets).view({count, 2});
  const at::Tensor stretches = at::tensor(targets.stretches).view({count, 2});
  const at::Tensor error = found.narrow(1, 2, 2) - stretches;
  const at::Tensor scores = found.narrow(1, 5, found.size(1) - 5);
  const at::Tensor classes = at::zeros(scores.sizes()).scatter_(1, at::tensor(targets.labels).view({count, 1}), 1.0);
  return cross_entropy(found.narrow(1, 0, 2), offsets, box_weight.expand({count, 2})) +
         (error * error * box_weight).sum() * 0.5 +
         cross_entropy(scores, classes, at::tensor(targets.weights).view({count, 1}).expand_as(scores));
}

}  // namespace

at::Tensor yolo_loss(const at::Tensor& outputs, std::span<const YoloPrior> priors,
                     std::span<const std::vector<LabelledBox>> truth) {
  const BatchTargets targets = assign(outputs, priors, truth);
  const at::Tensor rows = outputs.reshape({-1, outputs.size(2)});
  at::Tensor loss =
      cross_entropy(rows.select(1, 4), at::tensor(targets.objectness), at::tensor(targets.objectness_weight));
  if (!targets.rows.empty()) loss = loss + loss_of_positives(rows.index_select(0, at::tensor(targets.rows)), targets);
  return loss / static_cast<double>(std::max<std::size_t>(1, targets.rows.size()));
}

}  // namespace ekya::learner
