// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ekya/learner/model.h"

namespace ekya::learner {

/// Stochastic gradient descent with momentum, as torch.optim.SGD, under a Schedule. Gradients are clipped to a norm of
/// 5; weight decay spares biases and normalisations.
class Optimiser {
 public:
  /// `parameters` require gradients; they are changed in place. `steps` is the length of the schedule.
  Optimiser(std::vector<at::Tensor> parameters, const TrainOptions& options, int steps);

  /// Starts the schedule anew, another one, over so many steps; the momentum stays.
  void restart(Schedule schedule, int steps);
  /// Steps down the gradient of a scalar loss. Throws Refused, with nothing changed, if loss or gradient is not finite.
  void step(const at::Tensor& loss);

 private:
  double rate() const;
  void clip(std::vector<at::Tensor>& gradients) const;

  std::vector<at::Tensor> parameters_, momenta_;
  TrainOptions options_;
  int steps_;
  int done_ = 0;
};

}  // namespace ekya::learner
