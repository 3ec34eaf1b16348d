// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network_weights.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <set>

#include "attempt.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

/// PyTorch counts batches for a kind of averaging that these networks do not use.
bool is_ignored(const std::string& name) { return name.ends_with(".num_batches_tracked"); }

const Tensor& find(const WeightsFile& file, const ModelInfo& info, const std::string& name) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end())
    refuse(ErrorCode::kCorrupt, "tensor " + name + " is missing; " + info.architecture + " has it");
  return found->second;
}

void check_classes(const WeightsFile& file, const ModelInfo& info, const Network& network) {
  for (const Parameter& parameter : network.parameters()) {
    if (!parameter.value.is_same(network.head().output().weight())) continue;
    const auto& shape = find(file, info, parameter.name).shape;
    const auto labels = static_cast<std::int64_t>(info.labels.size());
    if (shape.size() == 2 && shape[0] != labels)
      refuse(ErrorCode::kCorrupt, "the model has " + std::to_string(shape[0]) + " classes (" + parameter.name +
                                      "), its metadata names " + std::to_string(labels) + " labels");
  }
}

constexpr double kNewRows = 0.1;  // Of a fresh row's size: what a new class says at first disturbs the others little.

/// Rows of `fresh` whose label was there become those of `old`, the rest small.
void keep_rows(at::Tensor fresh, const at::Tensor& old, const ModelInfo& target, const ModelInfo& info) {
  fresh.mul_(kNewRows);
  for (std::size_t row = 0; row < target.labels.size(); ++row) {
    const auto found = std::ranges::find(info.labels, target.labels[row]);
    if (found != info.labels.end()) fresh[static_cast<std::int64_t>(row)].copy_(old[found - info.labels.begin()]);
  }
}

}  // namespace

void refuse_surplus(const WeightsFile& file, const ModelInfo& info, const Parameters& parameters) {
  std::set<std::string> known;
  for (const Parameter& parameter : parameters) known.insert(parameter.name);
  for (const auto& [name, tensor] : file.tensors)
    if (!known.count(name) && !is_ignored(name))
      refuse(ErrorCode::kCorrupt, "tensor " + name + " is in the file, but not in " + info.architecture);
}

void load_parameters(const Parameters& parameters, const ModelInfo& info, const WeightsFile& file) {
  const at::NoGradGuard no_grad;
  for (const Parameter& parameter : parameters) {
    at::Tensor target = parameter.value;
    target.copy_(from_stored(parameter.name, find(file, info, parameter.name), target.sizes()));
  }
}

WeightsFile with_head_of(const ModelInfo& target, const WeightsFile& file, const ModelInfo& info,
                         const HeadShape& shape, std::uint64_t seed) {
  if (target.labels == info.labels && target.head_width == info.head_width) return file;
  const at::NoGradGuard no_grad;
  Parameters old, fresh;
  const Head old_head(old, shape);
  const Head fresh_head(fresh, {shape.name, shape.features, target.head_width, static_cast<int>(target.labels.size())});
  load_parameters(old, info, file);
  fill(fresh, seed);
  if (target.head_width == info.head_width) {
    keep_rows(fresh_head.output().weight(), old_head.output().weight(), target, info);
    keep_rows(fresh_head.output().bias(), old_head.output().bias(), target, info);
    for (std::size_t i = 0; i + 2 < fresh.size(); ++i) fresh[i].value.copy_(old[i].value);  // A hidden layer.
  }
  WeightsFile changed = file;
  for (const Parameter& parameter : old) changed.tensors.erase(parameter.name);
  for (const Parameter& parameter : fresh) changed.tensors[parameter.name] = to_stored(parameter.name, parameter.value);
  set_model_info(changed, target);
  return changed;
}

std::shared_ptr<Network> load_network(const ModelInfo& info, const WeightsFile& file) {
  auto network = make_network(info);
  refuse_surplus(file, info, network->parameters());
  check_classes(file, info, *network);
  load_parameters(network->parameters(), info, file);
  return network;
}

WeightsFile weights_of(const Parameters& parameters, const ModelInfo& info) {
  WeightsFile file;
  for (const Parameter& parameter : parameters)
    file.tensors[parameter.name] = to_stored(parameter.name, parameter.value);
  set_model_info(file, info);
  return file;
}

}  // namespace ekya::learner
