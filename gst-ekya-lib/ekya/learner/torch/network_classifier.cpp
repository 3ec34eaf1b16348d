// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network_classifier.h"

#include <ATen/core/grad_mode.h>

#include "attempt.h"
#include "inference.h"
#include "network_trainee.h"
#include "network_weights.h"
#include "trunk_hash.h"

namespace ekya::learner {
namespace {

ModelInfo info_of(const WeightsFile& file) {
  auto info = model_info(file);
  if (!info) throw Refused{info.error()};
  return *std::move(info);
}

std::shared_ptr<const Network> folded_network(const ModelInfo& info, const WeightsFile& file) {
  const at::NoGradGuard no_grad;
  const auto network = load_network(info, file);
  network->fold();
  return network;
}

at::Tensor run(const Network& network, const at::Tensor& images) {
  return network.logits(network.features(images, NormMode::kStored));
}

}  // namespace

NetworkClassifier::NetworkClassifier(WeightsFile file)
    : file_(std::move(file)), info_(info_of(file_)), folded_(folded_network(info_, file_)) {
  warm_up(info_, [&](const at::Tensor& images) { return run(*folded_, images); });
}

Result<std::vector<float>> NetworkClassifier::classify(std::span<const float> crops, int count) const {
  return attempt("classify", [&] {
    return probabilities(info_, crops, count, [&](const at::Tensor& images) { return run(*folded_, images); });
  });
}

std::string NetworkClassifier::trunk_hash() const {
  std::call_once(hashed_, [&] { trunk_hash_ = learner::trunk_hash(info_, file_, folded_->head().shape().name); });
  return trunk_hash_;
}

Result<std::vector<float>> NetworkClassifier::features(std::span<const float> crops, int count) const {
  return attempt("features", [&] {
    return features_of(info_, crops, count,
                       [&](const at::Tensor& images) { return folded_->features(images, NormMode::kStored); });
  });
}

std::unique_ptr<Trainee> NetworkClassifier::trainee(const ModelInfo& target, const TrainOptions& options) const {
  const WeightsFile file = with_head_of(target, file_, info_, folded_->head().shape(), options.seed);
  if (options.layers == TrainedLayers::kHead) return std::make_unique<HeadTrainee>(target, file, folded_);
  return std::make_unique<NetworkTrainee>(target, file, options.mixed_precision);
}

}  // namespace ekya::learner
