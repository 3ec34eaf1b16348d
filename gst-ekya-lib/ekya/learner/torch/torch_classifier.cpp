// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torch_classifier.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <torch/utils.h>

#include "attempt.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

std::shared_ptr<Network> folded_copy(const ModelInfo& info, const Network& network) {
  const torch::NoGradGuard no_grad;
  const auto copy = make_network(info);
  copy_state(network, *copy);
  copy->eval();
  copy->fold();
  return copy;
}

}  // namespace

TorchClassifier::TorchClassifier(ModelInfo info, std::shared_ptr<Network> network)
    : info_(std::move(info)), network_(std::move(network)), folded_(folded_copy(info_, *network_)) {
  network_->eval();
}

std::vector<float> run_classifier(const ModelInfo& info, std::span<const float> crops, int count,
                                  const std::function<at::Tensor(const at::Tensor&)>& forward) {
  const auto size = static_cast<std::size_t>(info.input_size), labels = info.labels.size();
  if (count < 1 || crops.size() != static_cast<std::size_t>(count) * 3 * size * size)
    refuse(ErrorCode::kInvalidArgument, "expected " + std::to_string(count) + " crops of 3x" + std::to_string(size) + "x" +
                                            std::to_string(size) + ", found " + std::to_string(crops.size()) + " values");
  const c10::InferenceMode inference;
  const auto side = static_cast<std::int64_t>(size);
  const at::Tensor input = at::from_blob(const_cast<float*>(crops.data()), {count, 3, side, side}, at::kFloat);
  const at::Tensor logits = forward(input).to(at::kFloat).contiguous();
  if (logits.dim() != 2 || logits.size(0) != count || logits.size(1) != static_cast<std::int64_t>(labels)) {
    refuse(ErrorCode::kInternal, "expected an output of [" + std::to_string(count) + ", " + std::to_string(labels) +
                                     "], one column a label, found another shape");
  }
  if (!all_finite(logits)) refuse(ErrorCode::kInternal, "the model's output is not finite");
  const at::Tensor probabilities = at::softmax(logits, 1).contiguous();
  const float* values = probabilities.const_data_ptr<float>();
  return {values, values + probabilities.numel()};
}

Result<std::vector<float>> TorchClassifier::classify(std::span<const float> crops, int count) const {
  return attempt("classify", [&] {
    return run_classifier(info_, crops, count, [&](const at::Tensor& x) { return folded_->forward(x); });
  });
}

}  // namespace ekya::learner
