// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <random>

#include "ekya/learner/model.h"

namespace ekya::learner {

/// Makes the images of a batch a little different at each step: moved by up to 1/32 of their side, since regions are
/// never cut out quite alike, and mirrored if wanted. The same seed gives the same sequence.
class Augmentation {
 public:
  explicit Augmentation(const TrainOptions& options) : random_(options.seed), mirror_(options.mirror) {}

  /// images: [n, 3, size, size]; the result has the same shape.
  at::Tensor apply(const at::Tensor& images);

 private:
  std::int64_t draw(std::int64_t count) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(count));
  }

  std::mt19937_64 random_;
  bool mirror_;
};

}  // namespace ekya::learner
