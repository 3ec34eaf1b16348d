// SPDX-License-Identifier: LGPL-2.1-or-later
// ShuffleNetV2 (Ma et al., ECCV 2018) as in torchvision.
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>

#include <array>

#include "network.h"

namespace ekya::learner {
namespace {

using torch::nn::Sequential;
using Chain = std::vector<std::shared_ptr<ConvBn>>;

/// Registers a chain as torchvision's Sequential does: a ReLU takes an index but has no parameters.
Sequential sequential(const Chain& chain, const std::vector<int>& positions) {
  Sequential layers;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    layers->push_back(std::to_string(positions[i]), chain[i]->conv);
    layers->push_back(std::to_string(positions[i] + 1), chain[i]->bn);
  }
  return layers;
}

at::Tensor run(const Chain& chain, at::Tensor x) {
  for (const auto& pair : chain) x = pair->forward(x);
  return x;
}

at::Tensor shuffle_two_groups(const at::Tensor& x) {
  const auto n = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
  return x.view({n, 2, channels / 2, height, width}).transpose(1, 2).reshape({n, channels, height, width});
}

/// A unit with stride 1 works on half of the channels and passes the other half on; one with stride 2 works on both.
class InvertedResidualImpl : public torch::nn::Module {
 public:
  InvertedResidualImpl(Chain branch1, Chain branch2) : branch1_(std::move(branch1)), branch2_(std::move(branch2)) {
    if (!branch1_.empty()) register_module("branch1", sequential(branch1_, {0, 2}));
    register_module("branch2", sequential(branch2_, {0, 3, 5}));
  }

  at::Tensor forward(const at::Tensor& x) {
    if (!branch1_.empty()) return shuffle_two_groups(at::cat({run(branch1_, x), run(branch2_, x)}, 1));
    const auto halves = x.chunk(2, 1);
    return shuffle_two_groups(at::cat({halves[0], run(branch2_, halves[1])}, 1));
  }

 private:
  Chain branch1_, branch2_;
};
TORCH_MODULE(InvertedResidual);

class ShuffleNetV2 : public Network {
 public:
  ShuffleNetV2(const ModelInfo& info, const std::array<int, 5>& channels)
      : stem_(make_pair({3, scaled(channels[0], info.width), 3, 2}, true)) {
    register_module("conv1", sequential({stem_}, {0}));
    int in = scaled(channels[0], info.width);
    constexpr std::array kRepeats{4, 8, 4};
    for (std::size_t stage = 0; stage < kRepeats.size(); ++stage) {
      const int out = scaled(channels[stage + 1], info.width);
      add_stage("stage" + std::to_string(stage + 2), in, out, kRepeats[stage]);
      in = out;
    }
    last_ = make_pair({in, scaled(channels[4], info.width)}, true);
    register_module("conv5", sequential({last_}, {0}));
    set_head(scaled(channels[4], info.width), static_cast<int>(info.labels.size()));
  }

  at::Tensor features(at::Tensor x) override {
    x = at::max_pool2d(stem_->forward(x), {3, 3}, {2, 2}, {1, 1});
    for (auto& unit : units_) x = unit->forward(x);
    return last_->forward(x).mean({2, 3});
  }

 private:
  void add_stage(const std::string& name, int in, int out, int repeats) {
    Sequential stage;
    for (int i = 0; i < repeats; ++i) {
      InvertedResidual unit = i == 0 ? strided_unit(in, out) : plain_unit(out);
      stage->push_back(std::to_string(i), unit);
      units_.push_back(unit);
    }
    register_module(name, stage);
  }

  InvertedResidual strided_unit(int in, int out) {
    const int half = out / 2;
    Chain branch1{make_pair({in, in, 3, 2, in}, false), make_pair({in, half}, true)};
    return InvertedResidual(std::move(branch1), branch2(in, half, 2));
  }

  InvertedResidual plain_unit(int channels) {
    return InvertedResidual(Chain{}, branch2(channels / 2, channels / 2, 1));
  }

  Chain branch2(int in, int half, int stride) {
    return {make_pair({in, half}, true), make_pair({half, half, 3, stride, half}, false), make_pair({half, half}, true)};
  }

  std::shared_ptr<ConvBn> stem_, last_;
  std::vector<InvertedResidual> units_;
};

}  // namespace

std::shared_ptr<Network> make_shufflenet(const ModelInfo& info) {
  if (info.architecture == "shufflenet_v2_x1_0")
    return std::make_shared<ShuffleNetV2>(info, std::array{24, 116, 232, 464, 1024});
  return std::make_shared<ShuffleNetV2>(info, std::array{24, 48, 96, 192, 1024});
}

}  // namespace ekya::learner
