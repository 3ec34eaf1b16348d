// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ekya/learner/model.h"
#include "layers.h"

namespace ekya::learner {

/// A detection network: a trunk that turns images into feature maps, and a head that turns those into rows, one for
/// each place and shape where an object may be. Reading functions are thread-safe as long as nobody writes to its
/// parameters.
class DetectionNetwork {
 public:
  using Maps = std::vector<at::Tensor>;  ///< One a scale, [N, C, H, W].
  using Truth = std::vector<LabelledBox>;

  virtual ~DetectionNetwork() = default;
  DetectionNetwork(const DetectionNetwork&) = delete;
  DetectionNetwork& operator=(const DetectionNetwork&) = delete;

  /// images: [N, 3, S, S], normalised.
  virtual Maps features(const at::Tensor& images, NormMode mode) const = 0;
  /// The head: raw rows [N, rows, columns].
  virtual at::Tensor outputs(const Maps& features, NormMode mode) const = 0;
  /// The published loss of raw rows [N, rows, columns], a scalar with a graph; the truth of each image.
  virtual at::Tensor loss(const at::Tensor& outputs, std::span<const Truth> truth) const = 0;
  /// Raw rows of one image as decode_detections() reads them, those that may reach `threshold`.
  virtual std::vector<float> decode(std::span<const float> outputs, float threshold) const = 0;
  /// Whether decode() gives an objectness.
  virtual bool has_objectness() const = 0;
  /// Makes inference faster; the network cannot be trained, loaded or saved afterwards.
  virtual void fold() = 0;
  /// After fill(), where the loss counts all rows: makes a fresh network expect an object at 1 row in 100, so that the
  /// many rows where nothing is do not rule the first steps.
  /// Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, section 4.1.
  virtual void expect_few_objects() {}

  /// In the order of the layers.
  const Parameters& parameters() const { return parameters_; }
  /// Whether a parameter belongs to the head, which kHead trains.
  virtual bool is_head(const std::string& parameter) const = 0;

 protected:
  DetectionNetwork() = default;
  Parameters parameters_;
};

/// What make_detection_network() knows, sorted by name.
std::vector<Architecture> detection_architectures();
bool is_detector(const std::string& architecture);

/// A network with uninitialised weights. Throws Refused for an unknown architecture, a width outside (0, 4], an input
/// size that the network cannot have, or anchors of another number than it has.
std::shared_ptr<DetectionNetwork> make_detection_network(const ModelInfo& info);

/// Fresh weights with task and anchors filled in. Throws Refused as make_detection_network().
WeightsFile fresh_detector(ModelInfo info, std::uint64_t seed);

std::shared_ptr<DetectionNetwork> make_ssdlite_mobilenet_v2(const ModelInfo& info);
std::shared_ptr<DetectionNetwork> make_yolov3(const ModelInfo& info);
std::shared_ptr<DetectionNetwork> make_yolov3_tiny(const ModelInfo& info);

/// Anchors in pixels of the input as published (for inputs of 416 pixels); empty for a network without.
std::vector<float> published_anchors(const std::string& architecture);

}  // namespace ekya::learner
