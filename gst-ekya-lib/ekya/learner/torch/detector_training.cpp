// SPDX-License-Identifier: LGPL-2.1-or-later
#include "detector_training.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include <optional>
#include <random>

#include "attempt.h"
#include "epoch_order.h"
#include "frame_batch.h"
#include "network_weights.h"
#include "optimiser.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

/// Below it a batch's own statistics say too little. A frame is many pixels, so fewer do than for crops.
constexpr std::int64_t kSmallestNormBatch = 4;
constexpr std::size_t kKeptBytes = std::size_t{256} << 20;

std::shared_ptr<DetectionNetwork> own_copy(const NetworkDetector& from) {
  const auto network = make_detection_network(from.model());
  load_parameters(network->parameters(), from.model(), from.file());
  return network;
}

std::size_t bytes_of(const DetectionNetwork::Maps& maps) {
  std::size_t bytes = 0;
  for (const at::Tensor& map : maps) bytes += map.nbytes();
  return bytes;
}

DetectionNetwork::Maps stacked(const std::vector<DetectionNetwork::Maps>& frames) {
  DetectionNetwork::Maps batch;
  for (std::size_t scale = 0; scale < frames.front().size(); ++scale) {
    std::vector<at::Tensor> maps;
    for (const auto& frame : frames) maps.push_back(frame[scale]);
    batch.push_back(at::cat(maps));
  }
  return batch;
}

/// What the frozen trunk says of each frame; later epochs run just the head. Frames beyond kKeptBytes are computed
/// anew.
class FrozenMaps {
 public:
  FrozenMaps(std::shared_ptr<const DetectionNetwork> trunk, const LabelledFrames& data,
             const device::Normalisation& normalisation)
      : trunk_(std::move(trunk)), data_(data), normalisation_(normalisation), known_(data.boxes.size()) {}

  DetectionNetwork::Maps of(std::span<const std::int64_t> rows) {
    const at::NoGradGuard no_grad;
    std::vector<DetectionNetwork::Maps> frames;
    for (const std::int64_t row : rows) frames.push_back(of_frame(row));
    return stacked(frames);
  }

 private:
  DetectionNetwork::Maps of_frame(std::int64_t row) {
    auto& known = known_[static_cast<std::size_t>(row)];
    if (!known.empty()) return known;
    const FrameBatch batch = frame_batch(data_, {&row, 1}, normalisation_);
    auto maps = trunk_->features(batch.images, NormMode::kStored);
    if (kept_bytes_ + bytes_of(maps) > kKeptBytes) return maps;
    kept_bytes_ += bytes_of(maps);
    known = maps;
    return maps;
  }

  const std::shared_ptr<const DetectionNetwork> trunk_;
  const LabelledFrames& data_;
  const device::Normalisation normalisation_;
  std::vector<DetectionNetwork::Maps> known_;  ///< [frames], empty: not computed yet.
  std::size_t kept_bytes_ = 0;
};

class Job : public DetectorTrainingJob {
 public:
  Job(const NetworkDetector& from, const LabelledFrames& data, const TrainOptions& options)
      : info_(from.model()),
        file_(from.file()),
        data_(data),
        options_(options),
        network_(own_copy(from)),
        frozen_maps_(from.folded(), data_, info_.normalisation),
        order_(data.count(), options.batch_size, options.epochs, options.seed),
        random_(options.seed),
        optimiser_(trained(), options, order_.steps()) {}

  int steps() const override { return order_.steps(); }

  Result<StepReport> step() override {
    if (failure_) return *failure_;
    auto report = attempt("train", [&] { return one_step(); });
    if (!report) failure_ = report.error();
    return report;
  }

  Result<WeightsFile> weights() const override {
    return attempt("weights", [&] { return current_weights(); });
  }

  // From the weights as they would be stored: what is judged is what would be published, rounding included.
  Result<std::shared_ptr<const Detector>> detector() const override {
    return attempt("copy", [&]() -> std::shared_ptr<const Detector> {
      return std::make_shared<NetworkDetector>(current_weights());
    });
  }

 private:
  bool is_trained(const Parameter& parameter) const {
    return parameter.learned && (options_.layers == TrainedLayers::kAll || network_->is_head(parameter.name));
  }

  std::vector<at::Tensor> trained() const {
    std::vector<at::Tensor> tensors;
    for (const Parameter& parameter : network_->parameters())
      if (is_trained(parameter)) tensors.push_back(parameter.value.requires_grad_());
    return tensors;
  }

  StepReport one_step() {
    if (done_ == steps())
      refuse(ErrorCode::kInvalidArgument, "the job has done all of its " + std::to_string(steps()) + " steps");
    const auto rows = order_.at_step(done_);
    const at::Tensor loss = options_.layers == TrainedLayers::kHead ? loss_of_head(rows) : loss_of_all(rows);
    optimiser_.step(loss);
    ++done_;
    return {loss.item<double>(), done_, steps(), done_ == steps()};
  }

  /// The normalisations stay as they are.
  at::Tensor loss_of_head(std::span<const std::int64_t> rows) {
    std::vector<DetectionNetwork::Truth> truth;
    for (const std::int64_t row : rows) truth.push_back(data_.boxes[static_cast<std::size_t>(row)]);
    return network_->loss(network_->outputs(frozen_maps_.of(rows), NormMode::kStored), truth);
  }

  at::Tensor loss_of_all(std::span<const std::int64_t> rows) {
    FrameBatch batch = frame_batch(data_, rows, info_.normalisation);
    for (std::int64_t i = 0; options_.mirror && i < batch.images.size(0); ++i)
      if (random_() % 2 == 1) mirror(batch, i);
    const auto mode = batch.images.size(0) >= kSmallestNormBatch ? NormMode::kBatch : NormMode::kStored;
    return network_->loss(network_->outputs(network_->features(batch.images, mode), mode), batch.truth);
  }

  /// Tensors that were not trained are passed on bit by bit.
  WeightsFile current_weights() const {
    if (options_.layers == TrainedLayers::kAll) return weights_of(network_->parameters(), info_);
    WeightsFile file = file_;
    for (const Parameter& parameter : network_->parameters())
      if (is_trained(parameter)) file.tensors[parameter.name] = to_stored(parameter.name, parameter.value);
    set_model_info(file, info_);
    return file;
  }

  const ModelInfo info_;
  const WeightsFile file_;  ///< Of the model that it started from.
  const LabelledFrames data_;
  const TrainOptions options_;
  const std::shared_ptr<DetectionNetwork> network_;
  FrozenMaps frozen_maps_;
  EpochOrder order_;
  std::mt19937_64 random_;
  Optimiser optimiser_;
  std::optional<Error> failure_;
  int done_ = 0;
};

}  // namespace

std::unique_ptr<DetectorTrainingJob> start_detector_training(const NetworkDetector& from, const LabelledFrames& data,
                                                             const TrainOptions& options) {
  check_detection_training(data, from.model(), options);
  return std::make_unique<Job>(from, data, options);
}

}  // namespace ekya::learner
