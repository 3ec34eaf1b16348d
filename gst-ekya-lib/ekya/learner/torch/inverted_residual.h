// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "layers.h"

namespace ekya::learner {

struct InvertedResidualShape {
  int in = 0, out = 0;
  int expansion = 6;  ///< Channels between are so many times `in`; 1: there is no expanding layer.
  int kernel = 3;     ///< Of the depthwise convolution.
  int stride = 1;
  bool tf_same = false;  ///< As in ConvShape, as is `epsilon`.
  double epsilon = 1e-5;
};

/// Names of the parameters, which differ from one project's files to another's.
struct InvertedResidualNames {
  struct Layer {
    std::string conv, norm;
  };
  Layer expand;  ///< Not read where the expansion is 1.
  Layer depthwise, project;
};

/// The block of MobileNetV2: 1x1 to more channels, depthwise, 1x1 to few, without activation after the last; what came
/// in is added where it has the shape of what goes out. The activation is ReLU6.
/// Source: Sandler et al., MobileNetV2, CVPR 2018, section 3.
class InvertedResidual {
 public:
  InvertedResidual(Parameters& parameters, const InvertedResidualNames& names, const InvertedResidualShape& shape);

  /// x: [N, in, H, W]. Gives [N, out, ceil(H / stride), ceil(W / stride)].
  at::Tensor forward(const at::Tensor& x, NormMode mode) const { return project(x, expand(x, mode), mode); }
  /// The first half: [N, in * expansion, H, W]; a detector reads it, as the finest map of its stride.
  at::Tensor expand(const at::Tensor& x, NormMode mode) const;
  /// The rest, from `x` and expand(x).
  at::Tensor project(const at::Tensor& x, const at::Tensor& expanded, NormMode mode) const;
  void fold();

 private:
  bool adds_;
  std::optional<ConvNorm> expand_;
  ConvNorm depthwise_, project_;
};

}  // namespace ekya::learner
