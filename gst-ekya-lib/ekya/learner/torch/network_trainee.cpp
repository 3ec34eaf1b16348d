// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network_trainee.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>

#include "network_classifier.h"
#include "network_weights.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

constexpr std::int64_t kSmallestNormBatch = 8;

at::Tensor trained_copy(const at::Tensor& tensor) { return tensor.detach().clone().requires_grad_(); }

}  // namespace

HeadTrainee::HeadTrainee(const ModelInfo& info, const WeightsFile& file, std::shared_ptr<const Network> trunk)
    : info_(info),
      file_(file),
      trunk_(std::move(trunk)),
      weight_(trained_copy(trunk_->head().weight())),
      bias_(trained_copy(trunk_->head().bias())) {}

at::Tensor HeadTrainee::frozen_part(const at::Tensor& images) const {
  const at::NoGradGuard no_grad;
  return trunk_->features(images, NormMode::kStored);
}

at::Tensor HeadTrainee::trained_part(const at::Tensor& features) const { return at::linear(features, weight_, bias_); }

WeightsFile HeadTrainee::weights() const {
  WeightsFile file = file_;
  for (const Parameter& parameter : trunk_->parameters()) {
    if (parameter.value.is_same(trunk_->head().weight()))
      file.tensors[parameter.name] = to_stored(parameter.name, weight_);
    if (parameter.value.is_same(trunk_->head().bias())) file.tensors[parameter.name] = to_stored(parameter.name, bias_);
  }
  set_model_info(file, info_);
  return file;
}

// From the weights as they would be stored: what is judged is what would be published, rounding included.
std::shared_ptr<const Classifier> HeadTrainee::classifier() const {
  return std::make_shared<NetworkClassifier>(weights());
}

NetworkTrainee::NetworkTrainee(const ModelInfo& info, const WeightsFile& file)
    : info_(info), network_(load_network(info, file)) {
  for (const at::Tensor& tensor : trained()) tensor.requires_grad_();
}

std::vector<at::Tensor> NetworkTrainee::trained() const {
  std::vector<at::Tensor> tensors;
  for (const Parameter& parameter : network_->parameters())
    if (parameter.learned) tensors.push_back(parameter.value);
  return tensors;
}

at::Tensor NetworkTrainee::trained_part(const at::Tensor& images) const {
  const auto mode = images.size(0) >= kSmallestNormBatch ? NormMode::kBatch : NormMode::kStored;
  return network_->logits(network_->features(images, mode));
}

WeightsFile NetworkTrainee::weights() const { return weights_of(*network_, info_); }

std::shared_ptr<const Classifier> NetworkTrainee::classifier() const {
  return std::make_shared<NetworkClassifier>(weights());
}

}  // namespace ekya::learner
