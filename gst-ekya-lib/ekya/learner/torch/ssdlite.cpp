// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ATen/ops/cat.h>

#include "convolution.h"
#include "detection_network.h"
#include "mobilenet_v2.h"
#include "network.h"
#include "ssd_loss.h"

// SSDLite on MobileNetV2 (Sandler et al., CVPR 2018, section 6.2), built as torchvision builds ssdlite320 on
// MobileNetV3: maps of features.14's expansion, of the last convolution and of four extra blocks, and a head of
// depthwise convolutions. Parameters have torchvision's names; the trunk's are backbone.features.N as in the
// classifier.
namespace ekya::learner {
namespace {

constexpr int kOffsets = 4;

/// 1x1 to half the channels, depthwise of stride 2, 1x1 to all of them.
class ExtraBlock {
 public:
  ExtraBlock(Parameters& parameters, const std::string& name, int in, int out) {
    const auto add = [&](const ConvShape& shape) {
      const std::string layer = name + "." + std::to_string(layers_.size()) + ".";
      layers_.emplace_back(parameters, layer + "0", layer + "1", shape);
    };
    const int middle = out / 2;
    add({in, middle});
    add({middle, middle, 3, 2, middle});
    add({middle, out});
  }

  at::Tensor forward(at::Tensor x, NormMode mode) const {
    for (const ConvNorm& layer : layers_) x = relu6(layer.forward(x, mode));
    return x;
  }
  void fold() {
    for (ConvNorm& layer : layers_) layer.fold();
  }

 private:
  std::vector<ConvNorm> layers_;
};

/// Depthwise 3x3, then 1x1 to `columns` for each default box of a place.
class Predictor {
 public:
  Predictor(Parameters& parameters, const std::string& name, int in, int columns)
      : columns_(columns),
        depthwise_(parameters, name + ".0.0", name + ".0.1", ConvShape{in, in, 3, 1, in}),
        output_(parameters, name + ".1", in, kBoxesPerCell * columns, 1) {}

  /// [N, in, H, W] to [N, H × W × kBoxesPerCell, columns].
  at::Tensor forward(const at::Tensor& map, NormMode mode) const {
    const at::Tensor rows = output_.forward(relu6(depthwise_.forward(map, mode)));
    return rows.permute({0, 2, 3, 1}).reshape({rows.size(0), -1, columns_});
  }
  void fold() { depthwise_.fold(); }

 private:
  int columns_;
  ConvNorm depthwise_;
  Convolution output_;
};

/// Cells on a side of each map.
std::vector<int> cells_of(int input_size) {
  std::vector<int> cells;
  for (int stride = 16; stride <= 512; stride *= 2) cells.push_back((input_size + stride - 1) / stride);
  return cells;
}

class SsdLite : public DetectionNetwork {
 public:
  explicit SsdLite(const ModelInfo& info)
      : boxes_(ssd_default_boxes(cells_of(info.input_size))), trunk_(parameters_, "backbone.features.", info.width) {
    std::vector<int> channels{trunk_.expanded_channels(), trunk_.last_channels()};
    for (const int published : {512, 256, 256, 128}) {
      const int out = scaled(published, info.width);
      extra_.emplace_back(parameters_, "backbone.extra." + std::to_string(extra_.size()), channels.back(), out);
      channels.push_back(out);
    }
    add_head("head.classification_head", channels, 1 + static_cast<int>(info.labels.size()), classes_);
    add_head("head.regression_head", channels, kOffsets, offsets_);
  }

  Maps features(const at::Tensor& images, NormMode mode) const override {
    const auto trunk = trunk_.maps(images, mode);
    Maps maps{trunk.expanded, trunk.last};
    for (const ExtraBlock& block : extra_) maps.push_back(block.forward(maps.back(), mode));
    return maps;
  }

  at::Tensor outputs(const Maps& features, NormMode mode) const override {
    std::vector<at::Tensor> rows;
    for (std::size_t i = 0; i < features.size(); ++i)
      rows.push_back(at::cat({offsets_[i].forward(features[i], mode), classes_[i].forward(features[i], mode)}, 2));
    return at::cat(rows, 1);
  }

  at::Tensor loss(const at::Tensor& outputs, std::span<const Truth> truth) const override {
    return ssd_loss(outputs, boxes_, truth);
  }

  std::vector<float> decode(std::span<const float> outputs, float threshold) const override {
    return decode_ssd(outputs, boxes_, threshold);
  }

  bool has_objectness() const override { return false; }
  bool is_head(const std::string& parameter) const override { return parameter.starts_with("head."); }

  void fold() override {
    trunk_.fold();
    for (ExtraBlock& block : extra_) block.fold();
    for (std::vector<Predictor>* head : {&classes_, &offsets_})
      for (Predictor& predictor : *head) predictor.fold();
  }

 private:
  void add_head(const std::string& name, const std::vector<int>& channels, int columns, std::vector<Predictor>& head) {
    for (std::size_t i = 0; i < channels.size(); ++i)
      head.emplace_back(parameters_, name + ".module_list." + std::to_string(i), channels[i], columns);
  }

  std::vector<DefaultBox> boxes_;
  MobileNetV2Trunk trunk_;
  std::vector<ExtraBlock> extra_;
  std::vector<Predictor> classes_, offsets_;  ///< One a map.
};

}  // namespace

std::shared_ptr<DetectionNetwork> make_ssdlite_mobilenet_v2(const ModelInfo& info) {
  return std::make_shared<SsdLite>(info);
}

}  // namespace ekya::learner
