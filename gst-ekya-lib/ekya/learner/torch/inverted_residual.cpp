// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inverted_residual.h"

namespace ekya::learner {
namespace {

ConvShape conv(const InvertedResidualShape& shape, int in, int out) {
  ConvShape conv{in, out};
  conv.tf_same = shape.tf_same;
  conv.epsilon = shape.epsilon;
  return conv;
}

ConvShape depthwise(const InvertedResidualShape& shape) {
  const int channels = shape.in * shape.expansion;
  ConvShape depthwise = conv(shape, channels, channels);
  depthwise.kernel = shape.kernel;
  depthwise.stride = shape.stride;
  depthwise.groups = channels;
  return depthwise;
}

std::optional<ConvNorm> expanding(Parameters& parameters, const InvertedResidualNames::Layer& name,
                                  const InvertedResidualShape& shape) {
  if (shape.expansion == 1) return {};
  return ConvNorm(parameters, name.conv, name.norm, conv(shape, shape.in, shape.in * shape.expansion));
}

}  // namespace

InvertedResidual::InvertedResidual(Parameters& parameters, const InvertedResidualNames& names,
                                   const InvertedResidualShape& shape)
    : adds_(shape.stride == 1 && shape.in == shape.out),
      expand_(expanding(parameters, names.expand, shape)),
      depthwise_(parameters, names.depthwise.conv, names.depthwise.norm, depthwise(shape)),
      project_(parameters, names.project.conv, names.project.norm, conv(shape, shape.in * shape.expansion, shape.out)) {
}

at::Tensor InvertedResidual::expand(const at::Tensor& x, NormMode mode) const {
  return expand_ ? relu6(expand_->forward(x, mode)) : x;
}

at::Tensor InvertedResidual::project(const at::Tensor& x, const at::Tensor& expanded, NormMode mode) const {
  at::Tensor y = project_.forward(relu6(depthwise_.forward(expanded, mode)), mode);
  return adds_ ? y.add_(x) : y;
}

void InvertedResidual::fold() {
  if (expand_) expand_->fold();
  depthwise_.fold();
  project_.fold();
}

}  // namespace ekya::learner
