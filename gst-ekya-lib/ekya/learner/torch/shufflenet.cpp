// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ATen/ops/cat.h>
#include <ATen/ops/channel_shuffle.h>

#include <optional>

#include "network.h"

// ShuffleNetV2 (Ma et al., ECCV 2018) with the names and shapes of torchvision.models.shufflenetv2.
namespace ekya::learner {
namespace {

/// Half of the channels pass, half are computed; a block with stride 2 computes both halves. The halves are
/// interleaved.
class Block {
 public:
  Block(Parameters& parameters, const std::string& name, int in, int out, int stride) : stride_(stride) {
    const int half = out / 2;
    if (stride > 1) {
      first_.emplace_back(parameters, name + ".branch1.0", name + ".branch1.1", ConvShape{in, in, 3, stride, in});
      first_.emplace_back(parameters, name + ".branch1.2", name + ".branch1.3", ConvShape{in, half});
    }
    const int from = stride > 1 ? in : half;
    const std::string branch = name + ".branch2.";
    second_.emplace_back(parameters, branch + "0", branch + "1", ConvShape{from, half});
    second_.emplace_back(parameters, branch + "3", branch + "4", ConvShape{half, half, 3, stride, half});
    second_.emplace_back(parameters, branch + "5", branch + "6", ConvShape{half, half});
  }

  at::Tensor forward(const at::Tensor& x, NormMode mode) const {
    if (stride_ > 1) return interleave(first(x, mode), second(x, mode));
    const auto halves = x.chunk(2, 1);
    return interleave(halves[0], second(halves[1], mode));
  }

  void fold() {
    for (ConvNorm& layer : first_) layer.fold();
    for (ConvNorm& layer : second_) layer.fold();
  }

 private:
  static at::Tensor interleave(const at::Tensor& a, const at::Tensor& b) {
    return at::channel_shuffle(at::cat({a, b}, 1), 2);
  }
  at::Tensor first(const at::Tensor& x, NormMode mode) const {
    return first_[1].forward(first_[0].forward(x, mode), mode).relu_();
  }
  at::Tensor second(const at::Tensor& x, NormMode mode) const {
    const at::Tensor wide = second_[0].forward(x, mode).relu_();
    return second_[2].forward(second_[1].forward(wide, mode), mode).relu_();
  }

  int stride_;
  std::vector<ConvNorm> first_, second_;
};

class ShuffleNet : public Network {
 public:
  ShuffleNet(const std::vector<int>& channels, double width, int labels)
      : first_(parameters_, "conv1.0", "conv1.1", ConvShape{3, scaled(channels[0], width), 3, 2}) {
    const int repeats[] = {4, 8, 4};
    int in = scaled(channels[0], width);
    for (int stage = 0; stage < 3; ++stage) {
      const int out = scaled(channels[stage + 1], width);
      for (int i = 0; i < repeats[stage]; ++i) {
        const std::string name = "stage" + std::to_string(stage + 2) + "." + std::to_string(i);
        blocks_.emplace_back(parameters_, name, in, out, i == 0 ? 2 : 1);
        in = out;
      }
    }
    const int features = scaled(channels[4], width);
    last_.emplace(parameters_, "conv5.0", "conv5.1", ConvShape{in, features});
    add_head("fc", features, labels);
  }

  at::Tensor features(const at::Tensor& images, NormMode mode) const override {
    at::Tensor x = max_pool(first_.forward(images, mode).relu_());
    for (const Block& block : blocks_) x = block.forward(x, mode);
    return mean_of_pixels(last_->forward(x, mode).relu_());
  }

  void fold() override {
    first_.fold();
    for (Block& block : blocks_) block.fold();
    last_->fold();
  }

 private:
  ConvNorm first_;
  std::vector<Block> blocks_;
  std::optional<ConvNorm> last_;
};

}  // namespace

std::shared_ptr<Network> make_shufflenet(const std::vector<int>& channels, double width, int labels) {
  return std::make_shared<ShuffleNet>(channels, width, labels);
}

}  // namespace ekya::learner
