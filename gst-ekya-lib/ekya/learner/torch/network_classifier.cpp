// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network_classifier.h"

#include <ATen/core/grad_mode.h>

#include "attempt.h"
#include "inference.h"
#include "network_trainee.h"
#include "network_weights.h"

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

std::unique_ptr<Trainee> NetworkClassifier::trainee(TrainedLayers layers) const {
  if (layers == TrainedLayers::kHead) return std::make_unique<HeadTrainee>(info_, file_, folded_);
  return std::make_unique<NetworkTrainee>(info_, file_);
}

}  // namespace ekya::learner
