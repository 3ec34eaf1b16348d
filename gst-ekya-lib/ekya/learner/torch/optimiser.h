// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/optim/sgd.h>

#include <vector>

#include "batches.h"
#include "ekya/learner/model.h"

namespace ekya::learner {

/// SGD with momentum under a cosine schedule, with gradients clipped by norm.
class Optimiser {
 public:
  Optimiser(std::vector<at::Tensor> parameters, const TrainOptions& options, int steps);

  /// One step on logits [n, classes]. Gives the loss; throws Refused if it is not finite.
  double step(const at::Tensor& logits, const Batches::Batch& batch);

 private:
  std::vector<at::Tensor> parameters_;
  torch::optim::SGD sgd_;
  const double rate_;
  const int steps_;
  int done_ = 0;
};

}  // namespace ekya::learner
