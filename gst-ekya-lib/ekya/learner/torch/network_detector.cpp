// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network_detector.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include "attempt.h"
#include "ekya/learner/detection.h"
#include "network_weights.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

ModelInfo model_of(const WeightsFile& file) {
  auto info = model_info(file);
  if (!info) throw Refused{info.error()};
  if (info->task != ModelTask::kDetection)
    refuse(ErrorCode::kInvalidArgument, "the model's metadata ekya.task is not detection, so this is a classifier");
  return *std::move(info);
}

std::shared_ptr<const DetectionNetwork> folded_network(const ModelInfo& info, const WeightsFile& file) {
  const at::NoGradGuard no_grad;
  const auto network = make_detection_network(info);
  refuse_surplus(file, info, network->parameters());
  load_parameters(network->parameters(), info, file);
  network->fold();
  return network;
}

DetectorInfo detector_info(const ModelInfo& model, const DetectionNetwork& network) {
  DetectorInfo info;
  info.labels = model.labels;
  info.input_size = model.input_size;
  info.normalisation = model.normalisation;
  info.has_objectness = network.has_objectness();
  info.boxes_are_centre_size = true;
  info.boxes_are_normalised = true;
  return info;
}

}  // namespace

NetworkDetector::NetworkDetector(WeightsFile file)
    : file_(std::move(file)),
      model_(model_of(file_)),
      folded_(folded_network(model_, file_)),
      info_(detector_info(model_, *folded_)) {
  run(std::vector<float>(static_cast<std::size_t>(3) * model_.input_size * model_.input_size), info_.threshold);
}

Result<std::vector<Detection>> NetworkDetector::detect(std::span<const float> frame, float threshold) const {
  return attempt("detect", [&] { return run(frame, threshold); });
}

std::vector<Detection> NetworkDetector::run(std::span<const float> frame, float threshold) const {
  const std::int64_t side = info_.input_size;
  if (frame.size() != static_cast<std::size_t>(3 * side * side))
    refuse(ErrorCode::kInvalidArgument, "detect: expected a frame of 3 x " + std::to_string(side) + " x " +
                                            std::to_string(side) + " values, found " + std::to_string(frame.size()));
  const c10::InferenceMode inference;
  const at::Tensor image = at::from_blob(const_cast<float*>(frame.data()), {1, 3, side, side}, at::kFloat);
  const at::Tensor rows = folded_->outputs(folded_->features(image, NormMode::kStored), NormMode::kStored).contiguous();
  if (!all_finite(rows)) refuse(ErrorCode::kInternal, "the model's output is not finite");
  const std::span<const float> values(rows.const_data_ptr<float>(), static_cast<std::size_t>(rows.numel()));
  return decode_detections(folded_->decode(values, threshold), info_, threshold);
}

}  // namespace ekya::learner
