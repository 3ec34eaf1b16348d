// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mobilenet_v2.h"

#include "network.h"

// MobileNetV2 (Sandler et al., CVPR 2018, table 2).
namespace ekya::learner {
namespace {

struct Stage {
  int expansion, channels, repeats, stride;
};
constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                             {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

/// Without an expansion the layers move up by one.
InvertedResidualNames names(const std::string& block, bool expands) {
  const std::string conv = block + ".conv.";
  if (!expands) return {{}, {conv + "0.0", conv + "0.1"}, {conv + "1", conv + "2"}};
  return {{conv + "0.0", conv + "0.1"}, {conv + "1.0", conv + "1.1"}, {conv + "2", conv + "3"}};
}

class MobileNetV2 : public Network {
 public:
  MobileNetV2(double width, int labels) : trunk_(parameters_, "features.", width) {
    add_head("classifier.1", trunk_.last_channels(), labels);
  }
  at::Tensor features(const at::Tensor& images, NormMode mode) const override {
    return mean_of_pixels(trunk_.last_map(images, mode));
  }
  void fold() override { trunk_.fold(); }

 private:
  MobileNetV2Trunk trunk_;
};

}  // namespace

MobileNetV2Trunk::MobileNetV2Trunk(Parameters& parameters, const std::string& prefix, double width)
    : first_(parameters, prefix + "0.0", prefix + "0.1", ConvShape{3, scaled(32, width), 3, 2}),
      last_channels_(scaled(1280, width)) {
  add_blocks(parameters, prefix, width);
  const std::string name = prefix + std::to_string(blocks_.size() + 1);
  last_.emplace(parameters, name + ".0", name + ".1", ConvShape{block_channels_, last_channels_});
}

void MobileNetV2Trunk::add_blocks(Parameters& parameters, const std::string& prefix, double width) {
  block_channels_ = scaled(32, width);
  for (const Stage& stage : kStages) {
    for (int i = 0; i < stage.repeats; ++i) {
      InvertedResidualShape shape{block_channels_, scaled(stage.channels, width), stage.expansion};
      shape.stride = i == 0 ? stage.stride : 1;
      const std::size_t index = blocks_.size() + 1;
      blocks_.emplace_back(parameters, names(prefix + std::to_string(index), stage.expansion > 1), shape);
      if (index == kSplit) expanded_channels_ = shape.in * shape.expansion;
      block_channels_ = shape.out;
    }
  }
}

MobileNetV2Trunk::Maps MobileNetV2Trunk::maps(const at::Tensor& images, NormMode mode) const {
  at::Tensor x = relu6(first_.forward(images, mode));
  const auto split = blocks_.begin() + (kSplit - 1);
  for (auto block = blocks_.begin(); block != split; ++block) x = block->forward(x, mode);
  const at::Tensor expanded = split->expand(x, mode);
  x = split->project(x, expanded, mode);
  for (auto block = split + 1; block != blocks_.end(); ++block) x = block->forward(x, mode);
  return {expanded, relu6(last_->forward(x, mode))};
}

void MobileNetV2Trunk::fold() {
  first_.fold();
  for (InvertedResidual& block : blocks_) block.fold();
  last_->fold();
}

std::shared_ptr<Network> make_mobilenet_v2(double width, int labels) {
  return std::make_shared<MobileNetV2>(width, labels);
}

}  // namespace ekya::learner
