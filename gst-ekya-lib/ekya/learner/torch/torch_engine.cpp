// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ATen/Parallel.h>

#include <algorithm>

#include "attempt.h"
#include "network.h"
#include "network_classifier.h"
#include "network_weights.h"
#include "torchscript.h"
#include "training.h"

namespace ekya::learner {
namespace {

class TorchEngine : public Engine {
 public:
  void set_thread_count(int threads) const override { at::set_num_threads(std::max(1, threads)); }

  std::vector<Architecture> architectures() const override { return network_architectures(); }

  Result<WeightsFile> initialise(const ModelInfo& info, std::uint64_t seed) const override {
    return attempt("initialise", [&] {
      if (info.labels.empty()) refuse(ErrorCode::kInvalidArgument, "a model needs at least one label");
      const auto network = make_network(info);
      fill(network->parameters(), seed);
      return weights_of(*network, info);
    });
  }

  Result<std::shared_ptr<const Classifier>> build_classifier(const WeightsFile& file) const override {
    return attempt("build",
                   [&]() -> std::shared_ptr<const Classifier> { return std::make_shared<NetworkClassifier>(file); });
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
};

}  // namespace
}  // namespace ekya::learner

/// The number rises whenever model.h changes, so that a plugin and a module of different versions do not meet.
extern "C" __attribute__((visibility("default"))) const ekya::learner::Engine* ekya_engine_2() {
  static const ekya::learner::TorchEngine engine;
  return &engine;
}
