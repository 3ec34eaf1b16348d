// SPDX-License-Identifier: LGPL-2.1-or-later
#include "detection_network.h"

#include <ATen/core/grad_mode.h>

#include <functional>
#include <map>

#include "attempt.h"
#include "network.h"
#include "network_weights.h"

namespace ekya::learner {
namespace {

constexpr int kPublishedInput = 416, kPublishedLabels = 80;

using Make = std::function<std::shared_ptr<DetectionNetwork>(const ModelInfo&)>;

const std::map<std::string, Make>& registry() {
  static const std::map<std::string, Make> table{
      {"ssdlite_mobilenet_v2", make_ssdlite_mobilenet_v2},
      {"yolov3", make_yolov3},
      {"yolov3_tiny", make_yolov3_tiny},
  };
  return table;
}

}  // namespace

// Memory is reserved for the weights, but none of it is touched.
std::vector<Architecture> detection_architectures() {
  std::vector<Architecture> architectures;
  ModelInfo info;
  info.input_size = kPublishedInput;
  info.labels.resize(kPublishedLabels);
  for (const auto& [name, make] : registry())
    architectures.push_back({name, /*is_detector=*/true, learned_values(make(info)->parameters())});
  return architectures;
}

bool is_detector(const std::string& architecture) { return registry().count(architecture) > 0; }

std::shared_ptr<DetectionNetwork> make_detection_network(const ModelInfo& info) {
  const auto found = registry().find(info.architecture);
  if (found == registry().end()) {
    std::string known;
    for (const auto& [name, make] : registry()) known += (known.empty() ? "" : ", ") + name;
    refuse(ErrorCode::kInvalidArgument,
           "'" + info.architecture + "' is no detector's architecture; known are " + known);
  }
  if (!(info.width > 0 && info.width <= 4))
    refuse(ErrorCode::kInvalidArgument, "width " + std::to_string(info.width) + " is not above 0 and at most 4");
  return found->second(info);
}

WeightsFile fresh_detector(ModelInfo info, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  info.task = ModelTask::kDetection;
  if (info.anchors.empty()) {
    info.anchors = published_anchors(info.architecture);
    for (float& side : info.anchors) side *= static_cast<float>(info.input_size) / static_cast<float>(kPublishedInput);
  }
  const auto network = make_detection_network(info);
  fill(network->parameters(), seed);
  network->expect_few_objects();
  return weights_of(network->parameters(), info);
}

}  // namespace ekya::learner
