// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network_trainee.h"

#include <ATen/core/grad_mode.h>

#include "mixed_precision.h"
#include "network_classifier.h"
#include "network_weights.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

constexpr std::int64_t kSmallestNormBatch = 8;

HeadShape head_shape(const ModelInfo& info, const Network& trunk) {
  HeadShape shape = trunk.head().shape();
  shape.hidden = info.head_width;
  shape.labels = static_cast<int>(info.labels.size());
  return shape;
}

}  // namespace

HeadTrainee::HeadTrainee(const ModelInfo& info, const WeightsFile& file, std::shared_ptr<const Network> trunk)
    : info_(info), file_(file), trunk_(std::move(trunk)), head_(parameters_, head_shape(info, *trunk_)) {
  load_parameters(parameters_, info_, file_);
  for (const at::Tensor& tensor : trained()) tensor.requires_grad_();
}

std::vector<at::Tensor> HeadTrainee::trained() const {
  std::vector<at::Tensor> tensors;
  for (const Parameter& parameter : parameters_) tensors.push_back(parameter.value);
  return tensors;
}

at::Tensor HeadTrainee::frozen_part(const at::Tensor& images) const {
  const at::NoGradGuard no_grad;
  return trunk_->features(images, NormMode::kStored);
}

WeightsFile HeadTrainee::weights() const {
  WeightsFile file = file_;
  for (const Parameter& parameter : parameters_)
    file.tensors[parameter.name] = to_stored(parameter.name, parameter.value);
  set_model_info(file, info_);
  return file;
}

// From the weights as they would be stored: what is judged is what would be published, rounding included.
std::shared_ptr<const Classifier> HeadTrainee::classifier() const {
  return std::make_shared<NetworkClassifier>(weights());
}

NetworkTrainee::NetworkTrainee(const ModelInfo& info, const WeightsFile& file, bool mixed_precision)
    : info_(info), network_(load_network(info, file)), mixed_precision_(mixed_precision && cpu_has_bfloat16()) {
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
  const MixedPrecision guard(mixed_precision_);
  return network_->logits(network_->features(images, mode)).to(at::kFloat);
}

WeightsFile NetworkTrainee::weights() const { return weights_of(network_->parameters(), info_); }

std::shared_ptr<const Classifier> NetworkTrainee::classifier() const {
  return std::make_shared<NetworkClassifier>(weights());
}

}  // namespace ekya::learner
