// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "attempt.h"

namespace ekya::learner {
namespace {

using Make = std::function<std::shared_ptr<Network>(double width, int labels)>;

const std::map<std::string, Make>& registry() {
  static const auto resnet = [](const ResNetShape& shape) -> Make {
    return [=](double width, int labels) { return make_resnet(shape, width, labels); };
  };
  static const auto shufflenet = [](std::vector<int> channels) -> Make {
    return [=](double width, int labels) { return make_shufflenet(channels, width, labels); };
  };
  static const std::map<std::string, Make> table{
      {"efficientnet_lite0", make_efficientnet_lite0},
      {"mobilenet_v2", make_mobilenet_v2},
      {"resnet18", resnet({{2, 2, 2, 2}})},
      {"resnet50", resnet({{3, 4, 6, 3}, true})},
      {"resnext101_32x8d", resnet({{3, 4, 23, 3}, true, 32, 8})},
      {"shufflenet_v2_x0_5", shufflenet({24, 48, 96, 192, 1024})},
      {"shufflenet_v2_x1_0", shufflenet({24, 116, 232, 464, 1024})},
  };
  return table;
}

/// Drawn in the order of the indices, whatever the layout in memory: a seed means the same values.
void fill(at::Tensor value, const Parameter& parameter, at::Generator generator) {
  switch (parameter.fill) {
    case Fill::kZeros:
      value.zero_();
      return;
    case Fill::kOnes:
      value.fill_(1);
      return;
    case Fill::kKaimingNormal:
      value.copy_(at::empty(value.sizes()).normal_(0, std::sqrt(2 / parameter.fan_in), generator));
      return;
    case Fill::kUniform: {
      const double most = 1 / std::sqrt(parameter.fan_in);
      value.copy_(at::empty(value.sizes()).uniform_(-most, most, generator));
      return;
    }
  }
}

}  // namespace

int scaled(int channels, double width) {
  if (width == 1) return channels;
  return std::max(8, 8 * static_cast<int>(std::lround(channels * width / 8)));
}

std::int64_t learned_values(const Parameters& parameters) {
  std::int64_t sum = 0;
  for (const Parameter& parameter : parameters)
    if (parameter.learned) sum += parameter.value.numel();
  return sum;
}

// Memory is reserved for the weights, but none of it is touched.
std::vector<Architecture> network_architectures() {
  std::vector<Architecture> architectures;
  for (const auto& [name, make] : registry())
    architectures.push_back(
        {name, /*is_detector=*/false, learned_values(make(/*width=*/1, /*labels=*/1000)->parameters())});
  return architectures;
}

std::shared_ptr<Network> make_network(const ModelInfo& info) {
  const auto found = registry().find(info.architecture);
  if (found == registry().end()) {
    std::string known;
    for (const auto& [name, make] : registry()) known += (known.empty() ? "" : ", ") + name;
    refuse(ErrorCode::kInvalidArgument, "architecture '" + info.architecture + "' is unknown; known are " + known);
  }
  if (!(info.width > 0 && info.width <= 4))
    refuse(ErrorCode::kInvalidArgument, "width " + std::to_string(info.width) + " is not above 0 and at most 4");
  auto network = found->second(info.width, static_cast<int>(info.labels.size()));
  if (info.head_width > 0) network->set_head_width(info.head_width);
  return network;
}

void Network::set_head_width(int neurons) {
  HeadShape shape = head_->shape();
  shape.hidden = neurons;
  parameters_.resize(trunk_parameters_);
  head_ = std::make_unique<Head>(parameters_, shape);
}

void fill(const Parameters& parameters, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (const Parameter& parameter : parameters) fill(parameter.value, parameter, generator);
}

}  // namespace ekya::learner
