// SPDX-License-Identifier: LGPL-2.1-or-later
#include "optimiser.h"

#include <ATen/Functions.h>
#include <torch/nn/utils/clip_grad.h>

#include <cmath>
#include <numbers>

#include "attempt.h"

namespace ekya::learner {
namespace {

constexpr double kLargestGradient = 5.0;

torch::optim::SGDOptions sgd_options(const TrainOptions& options) {
  return torch::optim::SGDOptions(options.learning_rate).momentum(options.momentum).weight_decay(options.weight_decay);
}

}  // namespace

Optimiser::Optimiser(std::vector<at::Tensor> parameters, const TrainOptions& options, int steps)
    : parameters_(std::move(parameters)),
      sgd_(parameters_, sgd_options(options)),
      rate_(options.learning_rate),
      steps_(steps) {}

double Optimiser::step(const at::Tensor& logits, const Batches::Batch& batch) {
  constexpr std::int64_t kNoIndex = -100;
  const at::Tensor each = at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::None, kNoIndex);
  const at::Tensor loss = (each * batch.weights).sum() / batch.weights.sum();
  const double value = loss.item<double>();
  if (!std::isfinite(value)) refuse(ErrorCode::kInternal, "the loss is not finite at step " + std::to_string(done_ + 1));
  for (auto& group : sgd_.param_groups())
    static_cast<torch::optim::SGDOptions&>(group.options())
        .lr(rate_ * 0.5 * (1 + std::cos(std::numbers::pi * done_ / steps_)));
  sgd_.zero_grad();
  loss.backward();
  torch::nn::utils::clip_grad_norm_(parameters_, kLargestGradient);
  sgd_.step();
  ++done_;
  return value;
}

}  // namespace ekya::learner
