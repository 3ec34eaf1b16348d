// SPDX-License-Identifier: LGPL-2.1-or-later
#include "yolo_layers.h"

namespace ekya::learner {
namespace {

using Kind = YoloLayer::Kind;

class Builder {
 public:
  int last() const { return static_cast<int>(layers_.size()) - 1; }
  void conv(int channels, int kernel, int stride = 1) {
    layers_.push_back({Kind::kConv, channels, kernel, stride, {}});
  }
  void pool(int stride) { layers_.push_back({Kind::kPool, 0, 2, stride, {}}); }
  void upsample() { layers_.push_back({Kind::kUpsample, 0, 1, 1, {}}); }
  void route(std::vector<int> from) { layers_.push_back({Kind::kRoute, 0, 1, 1, std::move(from)}); }
  void output() {
    layers_.push_back({Kind::kOutput, 0, 1, 1, {}});
    layers_.push_back({Kind::kYolo, 0, 1, 1, {}});
  }
  /// Halves the picture, then `repeats` times 1x1 to half the channels, 3x3 back and a shortcut.
  void residual_stage(int channels, int repeats) {
    conv(channels, 3, 2);
    for (int i = 0; i < repeats; ++i) {
      const int before = last();
      conv(channels / 2, 1);
      conv(channels, 3);
      layers_.push_back({Kind::kShortcut, 0, 1, 1, {last(), before}});
    }
  }
  /// Five convolutions, then one and the output. Gives the index of the fifth, where the next scale branches off.
  int scale(int channels) {
    for (int i = 0; i < 2; ++i) {
      conv(channels, 1);
      conv(2 * channels, 3);
    }
    conv(channels, 1);
    const int branch = last();
    conv(2 * channels, 3);
    output();
    return branch;
  }
  /// From the branch of a coarse scale up to a finer one, beside a layer of the trunk.
  void rise(int branch, int channels, int trunk) {
    route({branch});
    conv(channels, 1);
    upsample();
    route({last(), trunk});
  }
  std::vector<YoloLayer> take() { return std::move(layers_); }

 private:
  std::vector<YoloLayer> layers_;
};

YoloPlan make_yolov3_plan() {
  Builder net;
  net.conv(32, 3);
  net.residual_stage(64, 1);
  net.residual_stage(128, 2);
  net.residual_stage(256, 8);
  const int fine = net.last();
  net.residual_stage(512, 8);
  const int middle = net.last();
  net.residual_stage(1024, 4);
  const int coarse_branch = net.scale(512);
  net.rise(coarse_branch, 256, middle);
  const int middle_branch = net.scale(256);
  net.rise(middle_branch, 128, fine);
  net.scale(128);
  return {net.take(),
          {{32, {6, 7, 8}}, {16, {3, 4, 5}}, {8, {0, 1, 2}}},
          {10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326}};
}

YoloPlan make_yolov3_tiny_plan() {
  Builder net;
  for (const int channels : {16, 32, 64, 128}) {
    net.conv(channels, 3);
    net.pool(2);
  }
  net.conv(256, 3);
  const int fine = net.last();
  net.pool(2);
  net.conv(512, 3);
  net.pool(1);
  net.conv(1024, 3);
  net.conv(256, 1);
  const int branch = net.last();
  net.conv(512, 3);
  net.output();
  net.rise(branch, 128, fine);
  net.conv(256, 3);
  net.output();
  return {net.take(), {{32, {3, 4, 5}}, {16, {0, 1, 2}}}, {10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319}};
}

}  // namespace

const YoloPlan& yolov3_plan() {
  static const YoloPlan plan = make_yolov3_plan();
  return plan;
}

const YoloPlan& yolov3_tiny_plan() {
  static const YoloPlan plan = make_yolov3_tiny_plan();
  return plan;
}

}  // namespace ekya::learner
