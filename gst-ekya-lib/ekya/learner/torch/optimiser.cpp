// SPDX-License-Identifier: LGPL-2.1-or-later
#include "optimiser.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <numbers>

#include "attempt.h"

namespace ekya::learner {
namespace {

constexpr double kLargestNorm = 5;

void check_finite(const char* what, double value) {
  if (!std::isfinite(value))
    refuse(ErrorCode::kInternal, std::string("training diverged: the ") + what + " is " + std::to_string(value) +
                                     "; a lower learning rate may help");
}

}  // namespace

Optimiser::Optimiser(std::vector<at::Tensor> parameters, const TrainOptions& options, int steps)
    : parameters_(std::move(parameters)), options_(options), steps_(steps) {
  for (const at::Tensor& parameter : parameters_) momenta_.push_back(at::zeros_like(parameter.detach()));
}

void Optimiser::step(const at::Tensor& loss) {
  check_finite("loss", loss.item<double>());
  loss.backward();
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& parameter : parameters_) {
    const at::Tensor gradient = parameter.grad();
    gradients.push_back(gradient.defined() ? gradient : at::zeros_like(parameter));
    parameter.mutable_grad().reset();
  }
  clip(gradients);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i].dim() > 1) gradients[i].add_(parameters_[i], options_.weight_decay);
  at::_foreach_mul_(momenta_, options_.momentum);
  at::_foreach_add_(momenta_, gradients);
  at::_foreach_add_(parameters_, momenta_, -rate());
  ++done_;
}

double Optimiser::rate() const {
  if (options_.schedule == Schedule::kConstant) return options_.learning_rate;
  return options_.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * done_ / steps_));
}

void Optimiser::restart(Schedule schedule, int steps) {
  options_.schedule = schedule;
  steps_ = steps;
  done_ = 0;
}

void Optimiser::clip(std::vector<at::Tensor>& gradients) const {
  const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
  check_finite("gradient's norm", norm);
  if (norm > kLargestNorm) at::_foreach_mul_(gradients, kLargestNorm / norm);
}

}  // namespace ekya::learner
