// SPDX-License-Identifier: LGPL-2.1-or-later
#include <optional>

#include "network.h"

// ResNet (He et al., CVPR 2016) and ResNeXt (Xie et al., CVPR 2017), which splits the 3x3 convolution of the bottleneck
// into groups, with the names and shapes of torchvision.models.resnet; the bottleneck has its stride in the 3x3
// convolution ("v1.5").
namespace ekya::learner {
namespace {

class Block {
 public:
  /// A bottleneck: 1x1, 3x3, 1x1 to four times the planes; else two 3x3.
  Block(Parameters& parameters, const std::string& name, int in, int planes, int stride, const ResNetShape& resnet) {
    const int out = resnet.bottleneck ? 4 * planes : planes;
    const auto add = [&](const ConvShape& shape) {
      const std::string number = std::to_string(layers_.size() + 1);
      layers_.emplace_back(parameters, name + ".conv" + number, name + ".bn" + number, shape);
    };
    if (resnet.bottleneck) {
      const int inner = planes * resnet.width_per_group / 64 * resnet.groups;
      add({in, inner});
      add({inner, inner, 3, stride, resnet.groups});
      add({inner, out});
    } else {
      add({in, planes, 3, stride});
      add({planes, out, 3});
    }
    if (stride != 1 || in != out)
      shortcut_.emplace(parameters, name + ".downsample.0", name + ".downsample.1", ConvShape{in, out, 1, stride});
  }

  at::Tensor forward(const at::Tensor& x, NormMode mode) const {
    at::Tensor y = x;
    for (std::size_t i = 0; i + 1 < layers_.size(); ++i) y = layers_[i].forward(y, mode).relu_();
    y = layers_.back().forward(y, mode);
    return y.add_(shortcut_ ? shortcut_->forward(x, mode) : x).relu_();
  }

  void fold() {
    for (ConvNorm& layer : layers_) layer.fold();
    if (shortcut_) shortcut_->fold();
  }

 private:
  std::vector<ConvNorm> layers_;
  std::optional<ConvNorm> shortcut_;
};

class ResNet : public Network {
 public:
  ResNet(const ResNetShape& shape, double width, int labels)
      : first_(parameters_, "conv1", "bn1", ConvShape{3, scaled(64, width), 7, 2}) {
    int in = scaled(64, width);
    for (int stage = 0; stage < 4; ++stage) {
      const int planes = scaled(64 << stage, width);
      for (int i = 0; i < shape.blocks[stage]; ++i) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
        blocks_.emplace_back(parameters_, name, in, planes, stage > 0 && i == 0 ? 2 : 1, shape);
        in = shape.bottleneck ? 4 * planes : planes;
      }
    }
    add_head("fc", in, labels);
  }

  at::Tensor features(const at::Tensor& images, NormMode mode) const override {
    at::Tensor x = max_pool(first_.forward(images, mode).relu_());
    for (const Block& block : blocks_) x = block.forward(x, mode);
    return mean_of_pixels(x);
  }

  void fold() override {
    first_.fold();
    for (Block& block : blocks_) block.fold();
  }

 private:
  ConvNorm first_;
  std::vector<Block> blocks_;
};

}  // namespace

std::shared_ptr<Network> make_resnet(const ResNetShape& shape, double width, int labels) {
  return std::make_shared<ResNet>(shape, width, labels);
}

}  // namespace ekya::learner
