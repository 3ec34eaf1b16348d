// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/place.h"

#include <algorithm>
#include <numeric>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/pick.h"

namespace ekya::scheduler {
namespace {

/// A device may be loaded this much above the mean before streams that run there move.
constexpr double kStickiness = 1.25;

/// In devices. The work is spread over the window, as if it all had to be done.
double load_of(const Problem& problem, const Stream& stream) {
  double inference = 0, work_s = 0;
  for (const InferenceConfig& config : stream.inference) inference = std::max(inference, config.demand);
  for (const RetrainingConfig& config : stream.retraining)
    if (is_candidate(stream, config)) work_s = work_s > 0 ? std::min(work_s, config.work_s) : config.work_s;
  return inference + stream.labelling_demand + work_s / problem.window_s;
}

/// What inference must have to hold the stream's a_min, in devices.
double floor_demand(const Problem& problem, const Stream& stream) {
  return floor_demand(stream, floor_of(problem, stream));
}

class Placing {
 public:
  explicit Placing(const Problem& problem) : problem_(problem), used_(problem.devices.size(), 0) {
    for (const Stream& stream : problem.streams) loads_.push_back(load_of(problem, stream));
    mean_ = std::accumulate(loads_.begin(), loads_.end(), 0.0) / total_capacity(problem);
  }

  std::vector<int> place() {
    std::vector<int> placement(loads_.size(), -1);
    std::vector<std::size_t> order(loads_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return loads_[a] > loads_[b]; });
    for (std::size_t v : order)
      if (const int device = home_of(v); device >= 0 && stays(v, device)) use(placement[v] = device, v);
    for (std::size_t v : order)
      if (placement[v] < 0) use(placement[v] = emptiest(v), v);
    return holds_floors(placement) ? placement : floors_first(order, placement);
  }

 private:
  /// Where the stream runs now: where its job does, which does not move, else where its inference does; -1: nowhere.
  int home_of(std::size_t v) const {
    const Stream& stream = problem_.streams[v];
    const int job = stream.running.empty() ? -1 : device_index(problem_, stream.retraining_device);
    return job >= 0 ? job : device_index(problem_, stream.device);
  }

  double relative(int device, double more) const {
    const auto d = static_cast<std::size_t>(device);
    return (used_[d] + more) / problem_.devices[d].capacity;
  }

  bool stays(std::size_t stream, int device) const {
    return !problem_.streams[stream].running.empty() || used_[static_cast<std::size_t>(device)] == 0 ||
           relative(device, loads_[stream]) <= kStickiness * std::max(mean_, 1e-9);
  }

  int emptiest(std::size_t stream) const {
    int best = 0;
    for (int d = 1; d < static_cast<int>(used_.size()); ++d)
      if (relative(d, loads_[stream]) < relative(best, loads_[stream])) best = d;
    return best;
  }

  bool holds_floors(const std::vector<int>& placement) const {
    std::vector<double> left = capacities();
    for (std::size_t v = 0; v < placement.size(); ++v)
      left[static_cast<std::size_t>(placement[v])] -= floor_demand(problem_, problem_.streams[v]);
    return std::all_of(left.begin(), left.end(), [](double l) { return l >= -kShareTolerance; });
  }

  /// Streams with floors by first fit, the largest demand first, then the others where there is least load. The
  /// placement as it was where the floors do not all fit that way.
  std::vector<int> floors_first(const std::vector<std::size_t>& order, const std::vector<int>& otherwise) {
    std::vector<double> left = capacities();
    std::vector<int> placement(loads_.size(), -1);
    std::vector<std::size_t> by_demand = order;
    const auto demand = [&](std::size_t v) { return floor_demand(problem_, problem_.streams[v]); };
    std::stable_sort(by_demand.begin(), by_demand.end(), [&](auto a, auto b) { return demand(a) > demand(b); });
    std::fill(used_.begin(), used_.end(), 0);
    for (std::size_t v : order) {
      const int device = problem_.streams[v].running.empty() ? -1 : home_of(v);
      if (device < 0) continue;
      left[static_cast<std::size_t>(device)] -= demand(v);
      use(placement[v] = device, v);
    }
    for (std::size_t v : by_demand) {
      if (demand(v) <= 0) break;
      if (placement[v] >= 0) continue;
      const auto fits = [&](double l) { return demand(v) <= l + kShareTolerance; };
      const auto device = std::find_if(left.begin(), left.end(), fits);
      if (device == left.end()) return otherwise;
      *device -= demand(v);
      use(placement[v] = static_cast<int>(device - left.begin()), v);
    }
    for (std::size_t v : order)
      if (placement[v] < 0) use(placement[v] = emptiest(v), v);
    return placement;
  }

  std::vector<double> capacities() const {
    std::vector<double> capacities;
    for (const Device& device : problem_.devices) capacities.push_back(device.capacity);
    return capacities;
  }

  void use(int device, std::size_t stream) { used_[static_cast<std::size_t>(device)] += loads_[stream]; }

  const Problem& problem_;
  std::vector<double> loads_;  ///< [streams], in devices.
  std::vector<double> used_;   ///< [devices], in devices.
  double mean_ = 0;            ///< Load of all streams relative to the whole capacity.
};

}  // namespace

std::vector<int> place_streams(const Problem& problem) {
  if (problem.devices.size() == 1) return std::vector<int>(problem.streams.size(), 0);
  return Placing(problem).place();
}

Problem problem_of_device(const Problem& problem, const std::vector<int>& placement, int device) {
  Problem part;
  part.window_s = problem.window_s;
  part.quantum = problem.quantum;
  part.min_accuracy = problem.min_accuracy;
  part.kappa = problem.kappa;
  part.cloud = problem.cloud;
  part.devices = {problem.devices[static_cast<std::size_t>(device)]};
  for (std::size_t v = 0; v < placement.size(); ++v)
    if (placement[v] == device) part.streams.push_back(problem.streams[v]);
  return part;
}

}  // namespace ekya::scheduler
