// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "layers.h"

namespace ekya::learner {

struct HeadShape {
  std::string name;  ///< torchvision's, e.g. "fc".
  int features = 0;  ///< That it reads of each sample.
  int hidden = 0;    ///< Neurons of the layer before the output layer; 0: there is none.
  int labels = 0;
};

/// What turns features into logits: a linear layer NAME.weight, NAME.bias; or with a hidden width two with a ReLU
/// between them, named as torch.nn.Sequential would: NAME.0.weight, NAME.0.bias, NAME.2.weight, NAME.2.bias.
class Head {
 public:
  /// Adds its parameters to the list, those of the output layer last.
  Head(Parameters& parameters, const HeadShape& shape);

  /// [N, features] to logits [N, labels].
  at::Tensor forward(const at::Tensor& features) const;
  const HeadShape& shape() const { return shape_; }
  const Linear& output() const { return layers_.back(); }

 private:
  HeadShape shape_;
  std::vector<Linear> layers_;
};

}  // namespace ekya::learner
