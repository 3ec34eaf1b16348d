// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ATen/Parallel.h>
#include <ATen/core/Generator.h>
#include <torch/utils.h>

#include "attempt.h"
#include "network.h"
#include "tensors.h"
#include "torch_classifier.h"
#include "torchscript.h"
#include "training.h"

namespace ekya::learner {
namespace {

class TorchEngine : public Engine {
 public:
  void set_thread_count(int threads) const override { at::set_num_threads(std::max(1, threads)); }

  std::vector<std::string> architectures() const override { return network_names(); }

  Result<WeightsFile> initialise(const ModelInfo& info, std::uint64_t seed) const override {
    return attempt("initialise", [&] {
      torch::manual_seed(seed);
      const auto network = make_network(info);
      WeightsFile file;
      for (const auto& [name, tensor] : state_of(*network)) file.tensors[name] = to_half(tensor);
      set_model_info(file, info);
      return file;
    });
  }

  Result<std::shared_ptr<const Classifier>> build_classifier(const WeightsFile& file) const override {
    auto info = model_info(file);
    if (!info) return info.error();
    return attempt("build", [&] {
      const torch::NoGradGuard no_grad;
      const auto network = make_network(*info);
      load_state(*network, file.tensors);
      return std::static_pointer_cast<const Classifier>(std::make_shared<TorchClassifier>(*info, network));
    });
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
    return attempt("train", [&]() -> std::unique_ptr<TrainingJob> {
      if (const auto* ours = dynamic_cast<const TorchClassifier*>(&from)) return train_network(*ours, data, options);
      if (auto job = train_torchscript(from, data, options)) return job;
      refuse(ErrorCode::kInvalidArgument, "this model is not one of the engine's own");
    });
  }
};

}  // namespace
}  // namespace ekya::learner

extern "C" __attribute__((visibility("default"))) const ekya::learner::Engine* ekya_engine() {
  static const ekya::learner::TorchEngine engine;
  return &engine;
}
