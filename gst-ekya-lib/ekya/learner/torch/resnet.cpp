// SPDX-License-Identifier: LGPL-2.1-or-later
// ResNet (He et al., CVPR 2016) as in torchvision: ResNet50 with the stride in the 3x3 convolution (v1.5).
#include <ATen/ops/max_pool2d.h>

#include <array>

#include "network.h"

namespace ekya::learner {
namespace {

using torch::nn::Sequential;

/// One residual block: a chain of conv + bn whose output is added to the input (or to its projection).
class BlockImpl : public torch::nn::Module {
 public:
  using Pair = std::shared_ptr<ConvBn>;

  BlockImpl(std::vector<Pair> chain, Pair projection) : chain_(std::move(chain)), projection_(std::move(projection)) {
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      register_module("conv" + std::to_string(i + 1), chain_[i]->conv);
      register_module("bn" + std::to_string(i + 1), chain_[i]->bn);
    }
    if (projection_) {
      Sequential downsample;
      downsample->push_back("0", projection_->conv);
      downsample->push_back("1", projection_->bn);
      register_module("downsample", downsample);
    }
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = x;
    for (const Pair& pair : chain_) y = pair->forward(y);
    return y.add_(projection_ ? projection_->forward(x) : x).relu_();
  }

 private:
  std::vector<Pair> chain_;
  Pair projection_;
};
TORCH_MODULE(Block);

class ResNet : public Network {
 public:
  ResNet(const ModelInfo& info, bool bottleneck, const std::array<int, 4>& blocks)
      : bottleneck_(bottleneck), stem_(make_pair({3, scaled(64, info.width), 7, 2}, true)) {
    register_module("conv1", stem_->conv);
    register_module("bn1", stem_->bn);
    int in = scaled(64, info.width);
    for (std::size_t stage = 0; stage < blocks.size(); ++stage)
      in = add_stage(stage, in, scaled(64 << stage, info.width), blocks[stage]);
    set_head(in, static_cast<int>(info.labels.size()));
  }

  at::Tensor features(at::Tensor x) override {
    x = at::max_pool2d(stem_->forward(x), {3, 3}, {2, 2}, {1, 1});
    for (auto& block : blocks_) x = block->forward(x);
    return x.mean({2, 3});
  }

 private:
  int add_stage(std::size_t stage, int in, int planes, int count) {
    Sequential layer;
    for (int i = 0; i < count; ++i) {
      Block block = make_block(in, planes, i == 0 && stage > 0 ? 2 : 1);
      layer->push_back(std::to_string(i), block);
      blocks_.push_back(block);
      in = bottleneck_ ? 4 * planes : planes;
    }
    register_module("layer" + std::to_string(stage + 1), layer);
    return in;
  }

  Block make_block(int in, int planes, int stride) {
    const int out = bottleneck_ ? 4 * planes : planes;
    std::vector<std::shared_ptr<ConvBn>> chain;
    if (bottleneck_) {
      chain = {make_pair({in, planes}, true), make_pair({planes, planes, 3, stride}, true),
               make_pair({planes, out}, false)};
    } else {
      chain = {make_pair({in, planes, 3, stride}, true), make_pair({planes, out, 3}, false)};
    }
    const bool project = stride != 1 || in != out;
    return Block(std::move(chain), project ? make_pair({in, out, 1, stride}, false) : nullptr);
  }

  const bool bottleneck_;
  std::shared_ptr<ConvBn> stem_;
  std::vector<Block> blocks_;
};

}  // namespace

std::shared_ptr<Network> make_resnet(const ModelInfo& info) {
  if (info.architecture == "resnet50") return std::make_shared<ResNet>(info, true, std::array{3, 4, 6, 3});
  return std::make_shared<ResNet>(info, false, std::array{2, 2, 2, 2});
}

}  // namespace ekya::learner
