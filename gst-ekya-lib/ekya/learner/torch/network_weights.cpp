// SPDX-License-Identifier: LGPL-2.1-or-later
#include "network_weights.h"

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

void refuse_surplus(const WeightsFile& file, const ModelInfo& info, const Network& network) {
  std::set<std::string> known;
  for (const Parameter& parameter : network.parameters()) known.insert(parameter.name);
  for (const auto& [name, tensor] : file.tensors)
    if (!known.count(name) && !is_ignored(name))
      refuse(ErrorCode::kCorrupt, "tensor " + name + " is in the file, but not in " + info.architecture);
}

void check_classes(const WeightsFile& file, const ModelInfo& info, const Network& network) {
  for (const Parameter& parameter : network.parameters()) {
    if (!parameter.value.is_same(network.head().weight())) continue;
    const auto& shape = find(file, info, parameter.name).shape;
    const auto labels = static_cast<std::int64_t>(info.labels.size());
    if (shape.size() == 2 && shape[0] != labels)
      refuse(ErrorCode::kCorrupt, "the model has " + std::to_string(shape[0]) + " classes (" + parameter.name +
                                      "), its metadata names " + std::to_string(labels) + " labels");
  }
}

}  // namespace

std::shared_ptr<Network> load_network(const ModelInfo& info, const WeightsFile& file) {
  auto network = make_network(info);
  refuse_surplus(file, info, *network);
  check_classes(file, info, *network);
  for (const Parameter& parameter : network->parameters()) {
    at::Tensor target = parameter.value;
    target.copy_(from_stored(parameter.name, find(file, info, parameter.name), target.sizes()));
  }
  return network;
}

WeightsFile weights_of(const Network& network, const ModelInfo& info) {
  WeightsFile file;
  for (const Parameter& parameter : network.parameters())
    file.tensors[parameter.name] = to_stored(parameter.name, parameter.value);
  set_model_info(file, info);
  return file;
}

}  // namespace ekya::learner
