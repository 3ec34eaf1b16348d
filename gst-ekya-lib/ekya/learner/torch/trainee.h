// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "ekya/learner/model.h"

namespace ekya::learner {

/// What a training job trains: its own copy of a model, cut into a frozen part and a trained one. Functions throw what
/// LibTorch throws, and Refused.
class Trainee {
 public:
  virtual ~Trainee() = default;

  /// The tensors that the optimiser changes; they require gradients.
  virtual std::vector<at::Tensor> trained() const = 0;
  /// False where nothing is frozen, or the frozen part cannot be run alone.
  virtual bool has_frozen_part() const = 0;
  /// images [n, 3, size, size] to what the trained part reads [n, features]; keeps no graph. Only with a frozen part.
  virtual at::Tensor frozen_part(const at::Tensor& images) const = 0;
  /// The frozen part's output, or images where there is none, to logits [n, labels].
  virtual at::Tensor trained_part(const at::Tensor& input) const = 0;

  /// As they are now.
  virtual WeightsFile weights() const = 0;
  virtual std::shared_ptr<const Classifier> classifier() const = 0;
};

/// A classifier of this module, which train() can copy.
class TorchClassifier : public Classifier {
 public:
  /// A copy to train. `target`: info() with the labels and the head's width that it is to have. Throws Refused for
  /// those that it cannot have.
  virtual std::unique_ptr<Trainee> trainee(const ModelInfo& target, const TrainOptions& options) const = 0;
};

}  // namespace ekya::learner
