// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "layers.h"

namespace ekya::learner {

/// Convolution of stride 1 with bias and without normalisation, as at the end of a detector. Registers `name`.weight
/// and `name`.bias. Fresh weights are uniform in ±1/√inputs, as PyTorch's, fresh biases zero.
class Convolution {
 public:
  Convolution(Parameters& parameters, const std::string& name, int in, int out, int kernel);

  /// maps: [N, in, H, W]. Gives [N, out, H, W].
  at::Tensor forward(const at::Tensor& maps) const;
  const at::Tensor& bias() const { return bias_; }

 private:
  at::Tensor weight_, bias_;
};

}  // namespace ekya::learner
