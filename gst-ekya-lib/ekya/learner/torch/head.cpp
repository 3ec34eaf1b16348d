// SPDX-License-Identifier: LGPL-2.1-or-later
#include "head.h"

namespace ekya::learner {

Head::Head(Parameters& parameters, const HeadShape& shape) : shape_(shape) {
  if (shape.hidden == 0) {
    layers_.emplace_back(parameters, shape.name, shape.features, shape.labels);
    return;
  }
  layers_.emplace_back(parameters, shape.name + ".0", shape.features, shape.hidden);
  layers_.emplace_back(parameters, shape.name + ".2", shape.hidden, shape.labels);
}

at::Tensor Head::forward(const at::Tensor& features) const {
  const at::Tensor first = layers_.front().forward(features);
  return shape_.hidden == 0 ? first : output().forward(first.relu());
}

}  // namespace ekya::learner
