// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torchscript.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/utils.h>

#include "attempt.h"
#include "batches.h"
#include "ekya/learner/detection.h"
#include "optimiser.h"
#include "tensors.h"
#include "torch_classifier.h"

namespace ekya::learner {
namespace {

using torch::jit::Module;

at::Tensor run(const Module& module, const at::Tensor& input) {
  Module shared = module;  // forward() is not const; the copy shares everything.
  const c10::IValue output = shared.forward({input});
  if (!output.isTensor()) refuse(ErrorCode::kInternal, "the model's output is no tensor");
  return output.toTensor();
}

void apply(const Module& module, const WeightsFile& retrained) {
  const torch::NoGradGuard no_grad;
  State state;
  for (const auto& item : module.named_parameters()) state[item.name] = item.value;
  for (const auto& item : module.named_buffers()) state[item.name] = item.value;
  for (const auto& [name, tensor] : retrained.tensors) {
    const auto found = state.find(name);
    if (found == state.end())
      refuse(ErrorCode::kCorrupt, "tensor \"" + name + "\" of the checkpoint is not in the TorchScript model");
    if (found->second.sizes().vec() != tensor.shape)
      refuse(ErrorCode::kCorrupt, "tensor \"" + name + "\" of the checkpoint has another shape than the model's");
    found->second.copy_(to_float(tensor));
  }
}

class ScriptClassifier : public Classifier {
 public:
  ScriptClassifier(ModelInfo info, Module module) : info_(std::move(info)), module_(std::move(module)) {}

  const ModelInfo& info() const override { return info_; }
  Result<std::vector<float>> classify(std::span<const float> crops, int count) const override {
    return attempt("classify", [&] {
      return run_classifier(info_, crops, count, [&](const at::Tensor& x) { return run(module_, x); });
    });
  }
  const Module& module() const { return module_; }

 private:
  ModelInfo info_;
  Module module_;
};

class ScriptDetector : public Detector {
 public:
  ScriptDetector(DetectorInfo info, Module module) : info_(std::move(info)), module_(std::move(module)) {}

  const DetectorInfo& info() const override { return info_; }
  Result<std::vector<Detection>> detect(std::span<const float> frame, float threshold) const override {
    return attempt("detect", [&] {
      const std::int64_t side = info_.input_size;
      if (frame.size() != static_cast<std::size_t>(3 * side * side))
        refuse(ErrorCode::kInvalidArgument, "expected a frame of 3x" + std::to_string(side) + "x" + std::to_string(side));
      const c10::InferenceMode inference;
      const at::Tensor input = at::from_blob(const_cast<float*>(frame.data()), {1, 3, side, side}, at::kFloat);
      const at::Tensor rows = run(module_, input).to(at::kFloat).contiguous();
      const std::int64_t columns = static_cast<std::int64_t>(info_.labels.size()) + (info_.has_objectness ? 5 : 4);
      if (rows.dim() != 3 || rows.size(0) != 1 || rows.size(2) != columns)
        refuse(ErrorCode::kInternal, "expected an output of [1, M, " + std::to_string(columns) + "], found another shape");
      const float* values = rows.const_data_ptr<float>();
      return decode_detections({values, static_cast<std::size_t>(rows.numel())}, info_, threshold);
    });
  }

 private:
  DetectorInfo info_;
  Module module_;
};

/// The last weight matrix of the module and the bias beside it: its last linear layer.
State last_linear_layer(const Module& module) {
  std::string matrix;
  State all;
  for (const auto& item : module.named_parameters()) {
    all[item.name] = item.value;
    if (item.value.dim() == 2) matrix = item.name;
  }
  if (matrix.empty())
    refuse(ErrorCode::kInvalidArgument, "the TorchScript model has no linear layer whose weights are parameters (a frozen "
                                        "model cannot be retrained)");
  State layer{{matrix, all[matrix]}};
  const std::string bias = matrix.substr(0, matrix.rfind('.') + 1) + "bias";
  if (all.count(bias)) layer[bias] = all[bias];
  return layer;
}

State all_parameters(const Module& module) {
  State all;
  for (const auto& item : module.named_parameters()) all[item.name] = item.value;
  return all;
}

class ScriptJob : public TrainingJob {
 public:
  ScriptJob(const ScriptClassifier& from, const LabelledCrops& data, const TrainOptions& options)
      : info_(from.info()),
        batches_(data, info_, options),
        module_(from.module().deepcopy()),
        trained_(options.layers == TrainedLayers::kHead ? last_linear_layer(module_) : all_parameters(module_)),
        optimiser_(choose(), options, batches_.steps()) {
    // Running statistics of a foreign model are left as they are.
    module_.eval();
  }

  int steps() const override { return batches_.steps(); }

  Result<StepReport> step() override {
    return attempt("train", [&] {
      if (done_ == steps()) refuse(ErrorCode::kInvalidArgument, "the job has done all its steps");
      const Batches::Batch batch = batches_.at_step(done_);
      const double loss = optimiser_.step(run(module_, batches_.inputs(batch.rows)), batch);
      ++done_;
      return StepReport{loss, done_, steps(), done_ == steps()};
    });
  }

  Result<WeightsFile> weights() const override {
    return attempt("weights", [&] {
      WeightsFile file;
      for (const auto& [name, tensor] : trained_) {
        if (!all_finite(tensor)) refuse(ErrorCode::kInternal, "weights \"" + name + "\" are not finite");
        file.tensors[name] = to_half(tensor);
      }
      set_model_info(file, info_);
      return file;
    });
  }

  Result<std::shared_ptr<const Classifier>> classifier() const override {
    return attempt("copy", [&] {
      return std::static_pointer_cast<const Classifier>(std::make_shared<ScriptClassifier>(info_, module_.deepcopy()));
    });
  }

 private:
  std::vector<at::Tensor> choose() {
    for (const auto& item : module_.named_parameters()) at::Tensor(item.value).set_requires_grad(trained_.count(item.name));
    std::vector<at::Tensor> parameters;
    for (const auto& [name, tensor] : trained_) parameters.push_back(tensor);
    return parameters;
  }

  const ModelInfo info_;
  Batches batches_;
  Module module_;
  State trained_;
  Optimiser optimiser_;
  int done_ = 0;
};

}  // namespace

std::shared_ptr<const Classifier> open_torchscript_classifier(const std::string& path, const ModelInfo& info,
                                                              const WeightsFile* retrained) {
  Module module = torch::jit::load(path, at::kCPU);
  module.eval();
  if (retrained) apply(module, *retrained);
  return std::make_shared<ScriptClassifier>(info, std::move(module));
}

std::shared_ptr<const Detector> open_torchscript_detector(const std::string& path, const DetectorInfo& info) {
  Module module = torch::jit::load(path, at::kCPU);
  module.eval();
  return std::make_shared<ScriptDetector>(info, std::move(module));
}

std::unique_ptr<TrainingJob> train_torchscript(const Classifier& from, const LabelledCrops& data,
                                               const TrainOptions& options) {
  const auto* script = dynamic_cast<const ScriptClassifier*>(&from);
  return script ? std::make_unique<ScriptJob>(*script, data, options) : nullptr;
}

}  // namespace ekya::learner
