// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include <memory>
#include <string>
#include <vector>

#include "ekya/learner/model.h"

namespace ekya::learner {

/// A convolution without bias, the batch normalisation behind it and, if wanted, a ReLU. The two modules are registered in
/// a network under torchvision's names; this keeps them together, so that inference can fold them into one.
class ConvBn {
 public:
  struct Shape {
    int in, out, kernel = 1, stride = 1, groups = 1;
  };
  ConvBn(const Shape& shape, bool relu);

  at::Tensor forward(const at::Tensor& x);
  /// Puts the normalisation into the convolution's weights. Only for a network in eval mode that is not trained again.
  void fold();

  torch::nn::Conv2d conv;
  torch::nn::BatchNorm2d bn;

 private:
  bool relu_;
  bool folded_ = false;
};

/// A classifier's trunk and its last linear layer. Parameter names are torchvision's.
class Network : public torch::nn::Module {
 public:
  /// x: [n, 3, size, size] → [n, features].
  virtual at::Tensor features(at::Tensor x) = 0;
  /// → logits [n, labels].
  at::Tensor forward(const at::Tensor& x) { return head->forward(features(x)); }
  void fold();

  torch::nn::Linear head{nullptr};

 protected:
  /// Makes and remembers a pair for fold().
  std::shared_ptr<ConvBn> make_pair(const ConvBn::Shape& shape, bool relu);
  void set_head(int features, int labels) { head = register_module("fc", torch::nn::Linear(features, labels)); }

 private:
  std::vector<std::shared_ptr<ConvBn>> pairs_;
};

/// Channel count times the width, as a multiple of 8, at least 8; unchanged for width 1.
int scaled(int channels, double width);

std::shared_ptr<Network> make_resnet(const ModelInfo& info);
std::shared_ptr<Network> make_shufflenet(const ModelInfo& info);

/// Architectures by name. A family is one more row.
std::vector<std::string> network_names();
/// With fresh random weights. Throws Refused for an unknown architecture.
std::shared_ptr<Network> make_network(const ModelInfo& info);

}  // namespace ekya::learner
