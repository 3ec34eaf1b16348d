// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network.h"

#include <ATen/ops/relu.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/init.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "attempt.h"

namespace ekya::learner {
namespace {

using Maker = std::function<std::shared_ptr<Network>(const ModelInfo&)>;

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> table{
      {"resnet18", make_resnet},
      {"resnet50", make_resnet},
      {"shufflenet_v2_x0_5", make_shufflenet},
      {"shufflenet_v2_x1_0", make_shufflenet},
  };
  return table;
}

torch::nn::Conv2dOptions options(const ConvBn::Shape& s) {
  return torch::nn::Conv2dOptions(s.in, s.out, s.kernel)
      .stride(s.stride)
      .padding(s.kernel / 2)
      .groups(s.groups)
      .bias(false);
}

}  // namespace

ConvBn::ConvBn(const Shape& shape, bool relu) : conv(options(shape)), bn(shape.out), relu_(relu) {
  torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
}

at::Tensor ConvBn::forward(const at::Tensor& x) {
  at::Tensor y = conv->forward(x);
  if (!folded_) y = bn->forward(y);
  return relu_ ? y.relu_() : y;
}

void ConvBn::fold() {
  const at::Tensor scale = bn->weight * at::rsqrt(bn->running_var + bn->options.eps());
  conv->weight.set_data(conv->weight * scale.view({-1, 1, 1, 1}));
  conv->bias = bn->bias - bn->running_mean * scale;
  folded_ = true;
}

void Network::fold() {
  for (const auto& pair : pairs_) pair->fold();
}

std::shared_ptr<ConvBn> Network::make_pair(const ConvBn::Shape& shape, bool relu) {
  pairs_.push_back(std::make_shared<ConvBn>(shape, relu));
  return pairs_.back();
}

int scaled(int channels, double width) {
  if (width == 1.0) return channels;
  return std::max(8, static_cast<int>(std::lround(channels * width / 8)) * 8);
}

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : makers()) names.push_back(name);
  return names;
}

std::shared_ptr<Network> make_network(const ModelInfo& info) {
  const auto found = makers().find(info.architecture);
  if (found == makers().end()) {
    std::string known;
    for (const std::string& name : network_names()) known += (known.empty() ? "" : ", ") + name;
    refuse(ErrorCode::kInvalidArgument, "architecture \"" + info.architecture + "\" is unknown; known: " + known);
  }
  if (!(info.width > 0 && info.width <= 4))
    refuse(ErrorCode::kInvalidArgument, "width " + std::to_string(info.width) + " is not in (0, 4]");
  return found->second(info);
}

}  // namespace ekya::learner
