// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/window_model.h"

#include <algorithm>

#include "ekya/scheduler/pick.h"

namespace ekya::scheduler {
namespace {

using Option = WindowModel::Option;

bool dominates(const Option& a, const Option& b) {
  return a.work_s <= b.work_s && a.accuracy >= b.accuracy && a.max_share >= b.max_share && a.memory_mb <= b.memory_mb;
}

std::vector<Option> options_of(const Problem& problem, const Stream& stream) {
  double memory_mb = 0;
  for (const Device& device : problem.devices) memory_mb = std::max(memory_mb, device.memory_mb);
  std::vector<Option> all;
  for (std::size_t c = 0; c < stream.retraining.size(); ++c) {
    const RetrainingConfig& config = stream.retraining[c];
    if (!is_candidate(stream, config) || config.memory_mb > memory_mb) continue;
    all.push_back({config.work_s, config.accuracy, config.max_share, config.memory_mb, static_cast<int>(c)});
  }
  std::stable_sort(all.begin(), all.end(), [](const Option& a, const Option& b) {
    return a.work_s != b.work_s ? a.work_s < b.work_s : a.accuracy > b.accuracy;
  });
  std::vector<Option> kept;
  for (const Option& option : all)
    if (std::none_of(kept.begin(), kept.end(), [&](const Option& k) { return dominates(k, option); }))
      kept.push_back(option);
  return kept;
}

}  // namespace

double WindowModel::StreamModel::floor_demand() const {
  if (floor <= 0) return 0;
  const int rung = ladder.lowest(floor / accuracy);
  return rung < 0 ? 0 : ladder.rungs()[static_cast<std::size_t>(rung)].demand;
}

WindowModel::WindowModel(const Problem& problem) : window_s(problem.window_s) {
  for (const Device& device : problem.devices)
    devices.push_back({device.capacity, device.memory_mb, Throughput(device.throughput)});
  for (const Stream& stream : problem.streams) {
    weights += stream.weight;
    streams.push_back({stream.weight, stream.accuracy, reachable_floor(stream, floor_of(problem, stream)),
                       stream.labelling_demand, Ladder(stream), options_of(problem, stream),
                       device_index(problem, stream.device),
                       stream.running.empty() ? -1 : device_index(problem, stream.retraining_device)});
  }
}

}  // namespace ekya::scheduler
