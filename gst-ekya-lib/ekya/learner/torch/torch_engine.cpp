// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ATen/Parallel.h>

#include <algorithm>

#include "attempt.h"
#include "detector_training.h"
#include "network.h"
#include "network_classifier.h"
#include "network_detector.h"
#include "network_weights.h"
#include "torchscript.h"
#include "training.h"

namespace ekya::learner {
namespace {

class TorchEngine : public Engine {
 public:
  void set_thread_count(int threads) const override { at::set_num_threads(std::max(1, threads)); }

  std::vector<Architecture> architectures() const override {
    std::vector<Architecture> all = network_architectures();
    for (Architecture& detector : detection_architectures()) all.push_back(std::move(detector));
    std::ranges::sort(all, {}, &Architecture::name);
    return all;
  }

  Result<WeightsFile> initialise(const ModelInfo& info, std::uint64_t seed) const override {
    return attempt("initialise", [&] {
      if (info.labels.empty()) refuse(ErrorCode::kInvalidArgument, "a model needs at least one label");
      if (is_detector(info.architecture)) return fresh_detector(info, seed);
      const auto network = make_network(info);
      fill(network->parameters(), seed);
      return weights_of(network->parameters(), info);
    });
  }

  Result<std::shared_ptr<const Classifier>> build_classifier(const WeightsFile& file) const override {
    return attempt("build",
                   [&]() -> std::shared_ptr<const Classifier> { return std::make_shared<NetworkClassifier>(file); });
  }

  Result<std::shared_ptr<const Detector>> build_detector(const WeightsFile& file) const override {
    return attempt("build",
                   [&]() -> std::shared_ptr<const Detector> { return std::make_shared<NetworkDetector>(file); });
  }

  Result<std::shared_ptr<const Classifier>> load_torchscript(const std::string& path, const ModelInfo& info,
                                                             const WeightsFile* retrained) const override {
    return attempt("load TorchScript", [&] { return open_torchscript_classifier(path, info, retrained); });
  }

  Result<std::shared_ptr<const Detector>> load_torchscript_detector(const std::string& path,
                                                                    const DetectorInfo& info) const override {
    return attempt("load TorchScript", [&] { return open_torchscript_detector(path, info); });
  }

  Result<std::unique_ptr<TrainingJob>> train(const Classifier& from, const LabelledCrops& data,
                                             const TrainOptions& options) const override {
    return attempt("train", [&] {
      const auto* ours = dynamic_cast<const TorchClassifier*>(&from);
      if (!ours) refuse(ErrorCode::kInvalidArgument, "this model is not one of the engine's own");
      return start_training(*ours, data, options);
    });
  }

  Result<std::unique_ptr<DetectorTrainingJob>> train_detector(const Detector& from, const LabelledFrames& data,
                                                              const TrainOptions& options) const override {
    return attempt("train", [&] {
      const auto* ours = dynamic_cast<const NetworkDetector*>(&from);
      if (!ours) refuse(ErrorCode::kInvalidArgument, "this detector is none of the built-in networks");
      return start_detector_training(*ours, data, options);
    });
  }
};

}  // namespace
}  // namespace ekya::learner

/// The number rises whenever model.h changes, so that a plugin and a module of different versions do not meet.
extern "C" __attribute__((visibility("default"))) const ekya::learner::Engine* ekya_engine_2() {
  static const ekya::learner::TorchEngine engine;
  return &engine;
}
