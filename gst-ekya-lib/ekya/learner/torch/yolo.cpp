// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/replication_pad2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <cmath>
#include <map>
#include <set>

#include "attempt.h"
#include "convolution.h"
#include "detection_network.h"
#include "network.h"
#include "yolo_layers.h"
#include "yolo_loss.h"

// YOLOv3 and its tiny form, from the list of their layers. Parameters have the names of the most used PyTorch port,
// github.com/eriklindernoren/PyTorch-YOLOv3: module_list.N.conv_N and module_list.N.batch_norm_N, N as in the cfg file.
namespace ekya::learner {
namespace {

using Kind = YoloLayer::Kind;

constexpr int kShapes = 3;           ///< Anchors of a scale.
constexpr int kCoarsestStride = 32;  ///< The input is a multiple of it.
constexpr double kSlope = 0.1;

at::Tensor pool(const at::Tensor& x, int stride) {
  // At stride 1 darknet keeps the size: the last row and column have nothing beside them.
  const at::Tensor padded = stride == 1 ? at::replication_pad2d(x, {0, 1, 0, 1}) : x;
  return at::max_pool2d(padded, {2, 2}, {stride, stride});
}

class Yolo : public DetectionNetwork {
 public:
  Yolo(const YoloPlan& plan, const ModelInfo& info) : plan_(plan) {
    const std::vector<float>& anchors = info.anchors.empty() ? plan.anchors : info.anchors;
    check(info, anchors);
    priors_ = yolo_priors(info.input_size, plan.scales, anchors);
    std::vector<int> channels;
    for (std::size_t i = 0; i < plan.layers.size(); ++i) {
      channels.push_back(add_layer(static_cast<int>(i), channels, info));
      for (const int from : plan.layers[i].from) kept_.insert(from);
    }
  }

  Maps features(const at::Tensor& images, NormMode mode) const override {
    std::vector<at::Tensor> known(plan_.layers.size());
    Maps features;
    at::Tensor x = images;
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      const YoloLayer& layer = plan_.layers[i];
      if (layer.kind == Kind::kOutput) features.push_back(x);
      if (layer.kind == Kind::kOutput || layer.kind == Kind::kYolo) continue;
      x = run(static_cast<int>(i), x, known, mode);
      if (kept_.count(static_cast<int>(i))) known[i] = x;
    }
    return features;
  }

  at::Tensor outputs(const Maps& features, NormMode) const override {
    std::vector<at::Tensor> rows;
    for (std::size_t i = 0; i < features.size(); ++i) {
      const at::Tensor map = outputs_[i].second.forward(features[i]);
      const std::int64_t count = map.size(0), columns = map.size(1) / kShapes, places = map.size(2) * map.size(3);
      rows.push_back(map.reshape({count, kShapes, columns, places})
                         .permute({0, 1, 3, 2})
                         .reshape({count, kShapes * places, columns}));
    }
    return at::cat(rows, 1);
  }

  at::Tensor loss(const at::Tensor& outputs, std::span<const Truth> truth) const override {
    return yolo_loss(outputs, priors_, truth);
  }

  std::vector<float> decode(std::span<const float> outputs, float threshold) const override {
    return decode_yolo(outputs, priors_, threshold);
  }

  bool has_objectness() const override { return true; }

  void fold() override {
    for (auto& [index, conv] : convs_) conv.fold();
  }

  void expect_few_objects() override {
    constexpr double kChance = 0.01;
    for (const auto& [index, output] : outputs_)
      output.bias().view({kShapes, -1}).select(1, 4).fill_(-std::log((1 - kChance) / kChance));
  }

  bool is_head(const std::string& parameter) const override {
    for (const auto& [index, output] : outputs_)
      if (parameter.starts_with("module_list." + std::to_string(index) + ".")) return true;
    return false;
  }

 private:
  void check(const ModelInfo& info, const std::vector<float>& anchors) const {
    if (info.input_size % kCoarsestStride != 0)
      refuse(ErrorCode::kInvalidArgument, "the input size " + std::to_string(info.input_size) + " of " +
                                              info.architecture + " is no multiple of 32");
    if (anchors.size() != plan_.anchors.size())
      refuse(ErrorCode::kInvalidArgument, info.architecture + " has " + std::to_string(plan_.anchors.size() / 2) +
                                              " anchors, not " + std::to_string(anchors.size() / 2));
  }

  /// Gives the layer's number of channels.
  int add_layer(int index, const std::vector<int>& channels, const ModelInfo& info) {
    const YoloLayer& layer = plan_.layers[static_cast<std::size_t>(index)];
    const std::string number = std::to_string(index), module = "module_list." + number + ".";
    const int in = channels.empty() ? 3 : channels.back();
    if (layer.kind == Kind::kConv) {
      const int out = scaled(layer.channels, info.width);
      convs_.emplace(std::piecewise_construct, std::forward_as_tuple(index),
                     std::forward_as_tuple(parameters_, module + "conv_" + number, module + "batch_norm_" + number,
                                           ConvShape{in, out, layer.kernel, layer.stride}));
      return out;
    }
    if (layer.kind == Kind::kOutput) {
      const int out = kShapes * (5 + static_cast<int>(info.labels.size()));
      outputs_.emplace_back(index, Convolution(parameters_, module + "conv_" + number, in, out, 1));
      return out;
    }
    if (layer.kind == Kind::kShortcut) return channels[static_cast<std::size_t>(layer.from.front())];
    if (layer.kind != Kind::kRoute) return in;
    int sum = 0;
    for (const int from : layer.from) sum += channels[static_cast<std::size_t>(from)];
    return sum;
  }

  at::Tensor run(int index, const at::Tensor& x, const std::vector<at::Tensor>& known, NormMode mode) const {
    const YoloLayer& layer = plan_.layers[static_cast<std::size_t>(index)];
    const auto from = [&](std::size_t i) { return known[static_cast<std::size_t>(layer.from[i])]; };
    if (layer.kind == Kind::kConv) {
      at::Tensor y = convs_.at(index).forward(x, mode);
      return at::leaky_relu_(y, kSlope);
    }
    if (layer.kind == Kind::kPool) return pool(x, layer.stride);
    if (layer.kind == Kind::kUpsample) return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
    if (layer.kind == Kind::kShortcut) return from(0) + from(1);
    return layer.from.size() == 1 ? from(0) : at::cat({from(0), from(1)}, 1);
  }

  const YoloPlan& plan_;
  std::vector<YoloPrior> priors_;
  std::map<int, ConvNorm> convs_;                     ///< By index of the layer.
  std::vector<std::pair<int, Convolution>> outputs_;  ///< With the index of the layer.
  std::set<int> kept_;                                ///< Layers that later ones read.
};

}  // namespace

std::shared_ptr<DetectionNetwork> make_yolov3(const ModelInfo& info) {
  return std::make_shared<Yolo>(yolov3_plan(), info);
}

std::shared_ptr<DetectionNetwork> make_yolov3_tiny(const ModelInfo& info) {
  return std::make_shared<Yolo>(yolov3_tiny_plan(), info);
}

std::vector<float> published_anchors(const std::string& architecture) {
  if (architecture == "yolov3") return yolov3_plan().anchors;
  if (architecture == "yolov3_tiny") return yolov3_tiny_plan().anchors;
  return {};
}

}  // namespace ekya::learner
