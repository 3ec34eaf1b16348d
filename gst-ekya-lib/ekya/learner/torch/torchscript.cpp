// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torchscript.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/zeros_like.h>

#include <map>
#include <mutex>
#include <optional>
#include <sstream>

#include "attempt.h"
#include "inference.h"
#include "tensors.h"
#include "torchscript_file.h"
#include "trainee.h"
#include "trunk_hash.h"

namespace ekya::learner {
namespace {

using torch::jit::Module;
using NamedTensors = std::map<std::string, at::Tensor>;

NamedTensors parameters_of(const Module& module) {
  NamedTensors named;
  for (const auto& item : module.named_parameters()) named[item.name] = item.value;
  return named;
}

void check_description(const WeightsFile& retrained, const ModelInfo& info) {
  const auto described = model_info(retrained);
  if (!described) throw Refused{described.error()};
  if (described->architecture != info.architecture || described->labels.size() != info.labels.size())
    refuse(ErrorCode::kCorrupt, "the checkpoint is of a " + described->architecture + " with " +
                                    std::to_string(described->labels.size()) + " labels, expected " +
                                    info.architecture + " with " + std::to_string(info.labels.size()));
}

void replace_tensors(const Module& module, const WeightsFile& retrained) {
  const at::NoGradGuard no_grad;
  NamedTensors named = parameters_of(module);
  for (const auto& [name, stored] : retrained.tensors) {
    const auto found = named.find(name);
    if (found == named.end())
      refuse(ErrorCode::kCorrupt, "tensor " + name + " of the checkpoint is not in the TorchScript model");
    found->second.copy_(from_stored(name, stored, found->second.sizes()));
  }
}

/// The last weight matrix and the bias beside it.
NamedTensors last_layer(const Module& module) {
  const NamedTensors all = parameters_of(module);
  std::string matrix;
  for (const auto& item : module.named_parameters())
    if (item.value.dim() == 2) matrix = item.name;
  if (matrix.empty())
    refuse(ErrorCode::kInvalidArgument,
           "the TorchScript model has no linear layer whose weights are parameters, so its last layer cannot be "
           "retrained");
  NamedTensors layer{{matrix, all.at(matrix)}};
  const std::string bias = matrix.substr(0, matrix.rfind('.') + 1) + "bias";
  if (all.count(bias)) layer.insert({bias, all.at(bias)});
  return layer;
}

/// What a module's last linear layer reads. A program cannot be cut in two, but its copy with an identity matrix in
/// place of that layer gives what the layer reads; where it does not (there is something behind the layer), there is no
/// trunk.
class ScriptTrunk {
 public:
  ScriptTrunk(const Module& module, int input_size) {
    const at::NoGradGuard no_grad;
    try {
      Module copy = module.deepcopy();
      NamedTensors layer = last_layer(copy);
      const at::Tensor images = at::linspace(-1, 1, 3 * input_size * input_size).view({1, 3, input_size, input_size});
      const at::Tensor wanted = run_module(copy, images);
      at::Tensor weight, bias;
      for (auto& [name, tensor] : layer) (tensor.dim() == 2 ? weight : bias) = tensor.clone();
      for (auto& [name, tensor] : layer)
        tensor.set_data(tensor.dim() == 2 ? at::eye(weight.size(1)) : at::zeros({weight.size(1)}));
      const at::Tensor found = at::linear(run_module(copy, images), weight, bias);
      if (found.sizes() == wanted.sizes() && found.allclose(wanted, 1e-3, 1e-4)) module_ = std::move(copy);
    } catch (const std::exception&) {  // The module insists on the layer's shape: then it is run as a whole.
    } catch (const Refused&) {         // It has no linear layer.
    }
  }

  bool exists() const { return module_.has_value(); }
  at::Tensor features(const at::Tensor& images) const {
    const at::NoGradGuard no_grad;
    return run_module(*module_, images);
  }

 private:
  std::optional<Module> module_;
};

void add_tensor(Sha256& hash, const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().contiguous();
  const auto* bytes = static_cast<const std::byte*>(values.const_data_ptr());
  hash.add(c10::str(values.sizes(), values.scalar_type())).add({bytes, values.nbytes()});
}

/// Of the code, the constants and all tensors but those of the last layer.
std::string script_trunk_hash(const ModelInfo& info, const Module& module) {
  Sha256 hash;
  add_description(hash, info);
  std::ostringstream words;
  for (const Module& part : module.modules())
    for (const auto& method : part.get_methods())
      words << method.name() << '\n' << method.graph()->toString(/*print_source_locations=*/false);
  const NamedTensors head = last_layer(module);
  for (const auto& attribute : module.named_attributes()) {
    words << attribute.name << '\n';
    if (attribute.value.isTensor()) {
      if (!head.count(attribute.name)) add_tensor(hash, attribute.value.toTensor());
    } else if (!attribute.value.isModule()) {
      words << attribute.value << '\n';
    }
  }
  return hash.add(words.str()).hex();
}

class ScriptClassifier : public TorchClassifier {
 public:
  ScriptClassifier(const ModelInfo& info, Module module) : info_(info), module_(std::move(module)) {
    warm_up(info_, [&](const at::Tensor& images) { return run_module(module_, images); });
  }

  const ModelInfo& info() const override { return info_; }
  Result<std::vector<float>> classify(std::span<const float> crops, int count) const override {
    return attempt("classify", [&] {
      return probabilities(info_, crops, count, [&](const at::Tensor& images) { return run_module(module_, images); });
    });
  }
  std::string trunk_hash() const override {
    const auto hash = attempt("hash", [&] { return trunk().exists() ? trunk_hash_ : ""; });
    return hash ? *hash : "";
  }
  Result<std::vector<float>> features(std::span<const float> crops, int count) const override {
    return attempt("features", [&] {
      if (!trunk().exists()) refuse(ErrorCode::kUnavailable, "this model has no trunk that can be run alone");
      return features_of(info_, crops, count, [&](const at::Tensor& images) { return trunk().features(images); });
    });
  }
  std::unique_ptr<Trainee> trainee(const ModelInfo& target, const TrainOptions& options) const override;

 private:
  /// Made when first asked for: few models are retrained.
  const ScriptTrunk& trunk() const {
    std::call_once(cut_, [&] {
      trunk_.emplace(module_, info_.input_size);
      if (trunk_->exists()) trunk_hash_ = script_trunk_hash(info_, module_);
    });
    return *trunk_;
  }

  ModelInfo info_;
  Module module_;
  mutable std::once_flag cut_;
  mutable std::optional<ScriptTrunk> trunk_;
  mutable std::string trunk_hash_;
};

/// Trains the last layer, or all parameters. Running statistics of a foreign model are left as they are.
class ScriptTrainee : public Trainee {
 public:
  ScriptTrainee(const ModelInfo& info, const Module& module, TrainedLayers layers)
      : info_(info), module_(module.deepcopy()), trained_(parameters_of(module_)) {
    if (layers == TrainedLayers::kHead) {
      trained_ = last_layer(module_);
      trunk_.emplace(module_, info_.input_size);
    }
    for (const auto& [name, tensor] : parameters_of(module_)) tensor.set_requires_grad(trained_.count(name) > 0);
  }

  std::vector<at::Tensor> trained() const override {
    std::vector<at::Tensor> tensors;
    for (const auto& [name, tensor] : trained_) tensors.push_back(tensor);
    return tensors;
  }
  bool has_frozen_part() const override { return trunk_ && trunk_->exists(); }
  at::Tensor frozen_part(const at::Tensor& images) const override { return trunk_->features(images); }
  at::Tensor trained_part(const at::Tensor& input) const override {
    if (!has_frozen_part()) return run_module(module_, input);
    at::Tensor weight, bias;
    for (const auto& [name, tensor] : trained_) (tensor.dim() == 2 ? weight : bias) = tensor;
    return at::linear(input, weight, bias);
  }

  WeightsFile weights() const override {
    WeightsFile file;
    for (const auto& [name, tensor] : trained_) file.tensors[name] = to_stored(name, tensor);
    set_model_info(file, info_);
    return file;
  }
  std::shared_ptr<const Classifier> classifier() const override {
    Module copy = module_.deepcopy();
    replace_tensors(copy, weights());
    return std::make_shared<ScriptClassifier>(info_, std::move(copy));
  }

 private:
  ModelInfo info_;
  Module module_;
  NamedTensors trained_;
  std::optional<ScriptTrunk> trunk_;
};

std::unique_ptr<Trainee> ScriptClassifier::trainee(const ModelInfo& target, const TrainOptions& options) const {
  if (target.labels != info_.labels || target.head_width != info_.head_width)
    refuse(ErrorCode::kInvalidArgument,
           "the last layer of a TorchScript model is part of a program: it can get neither classes nor a hidden layer");
  return std::make_unique<ScriptTrainee>(info_, module_, options.layers);
}

}  // namespace

std::shared_ptr<const Classifier> open_torchscript_classifier(const std::string& path, const ModelInfo& info,
                                                              const WeightsFile* retrained) {
  if (retrained) check_description(*retrained, info);
  Module module = load_module(path);
  if (retrained) replace_tensors(module, *retrained);
  return std::make_shared<ScriptClassifier>(info, std::move(module));
}

}  // namespace ekya::learner
