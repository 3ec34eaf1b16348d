// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/fit.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/estimate.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/place.h"

namespace ekya::scheduler {
namespace {

double& share_of(StreamPlan& plan, ClientKind kind) {
  if (kind == ClientKind::kInference) return plan.inference_share;
  return kind == ClientKind::kLabelling ? plan.labelling_share : plan.retraining_share;
}

/// The first phase of what the plan gives to a stream.
StreamPlan planned(const Plan& plan, const std::string& id) {
  StreamPlan found;
  for (const StreamPlan& stream : plan.streams)
    if (stream.id == id) found = stream;
  found.id = id;
  found.phases.clear();
  return found;
}

const RetrainingConfig* config_named(const Stream& stream, const std::string& id) {
  for (const RetrainingConfig& config : stream.retraining)
    if (config.id == id) return &config;
  return nullptr;
}

/// What the orders say of each stream and kind that has clients.
class Rules {
 public:
  Rules(const Orders& orders, const Present& present)
      : orders_(orders), present_(present), excluded_(excluded_streams(orders)) {}

  bool allows(const std::string& stream, ClientKind kind) const {
    return present_.count({stream, kind}) && (kind == ClientKind::kInference || !excluded_.count(stream));
  }
  bool pinned(const std::string& stream, ClientKind kind) const {
    const Steering* order = order_for(orders_, stream, kind);
    return order && order->pin && allows(stream, kind);
  }
  /// The share that the orders make of one.
  double steered(const std::string& stream, ClientKind kind, double share) const {
    if (!allows(stream, kind)) return 0;
    const Steering* order = order_for(orders_, stream, kind);
    if (!order) return share;
    return order->pin ? *order->pin : std::min(share, order->cap.value_or(share));
  }
  bool obeyed_by(const StreamPlan& plan) const {
    const auto kept = [&](ClientKind kind, double share) { return steered(plan.id, kind, share) == share; };
    const auto in_phase = [&](const Phase& phase) {
      return kept(ClientKind::kInference, phase.inference_share) &&
             kept(ClientKind::kRetraining, phase.retraining_share);
    };
    return kept(ClientKind::kInference, plan.inference_share) && kept(ClientKind::kLabelling, plan.labelling_share) &&
           kept(ClientKind::kRetraining, plan.retraining_share) &&
           std::all_of(plan.phases.begin(), plan.phases.end(), in_phase);
  }

 private:
  const Orders& orders_;
  const Present& present_;
  const std::set<std::string> excluded_;
};

/// The orders at work on one plan.
class Fitting {
 public:
  Fitting(const Problem& problem, const Rules& rules) : problem_(problem), rules_(rules) {
    for (int d = 0; d < devices(); ++d) windows_.emplace_back(problem_of_device(problem, {}, d));
  }

  Plan fit(const Plan& plan) {
    result_ = plan;
    result_.streams.clear();
    for (const Stream& stream : problem_.streams) {
      StreamPlan& steered = result_.streams.emplace_back(planned(plan, stream.id));
      for (ClientKind kind : kKinds) share_of(steered, kind) = rules_.steered(stream.id, kind, share_of(steered, kind));
    }
    place();
    make_room_for_pins();
    for (int device = 0; device < devices(); ++device) scale(device);
    pick_jobs();
    for (std::size_t v = 0; v < result_.streams.size(); ++v) estimate(v);
    summarise(problem_, result_);
    return std::move(result_);
  }

 private:
  int devices() const { return static_cast<int>(problem_.devices.size()); }
  const Device& device(int d) const { return problem_.devices[static_cast<std::size_t>(d)]; }
  int device_of(const StreamPlan& plan, ClientKind kind) const {
    return device_index(problem_, kind == ClientKind::kRetraining ? plan.retraining_device : plan.device);
  }
  bool pinned(std::size_t v, ClientKind kind) const { return rules_.pinned(problem_.streams[v].id, kind); }
  /// Whether the stream's job runs on a device, which it then does not leave.
  bool is_bound(std::size_t v) const {
    return !problem_.streams[v].running.empty() && !problem_.streams[v].retraining_device.empty();
  }

  /// Devices that the plan names and that exist; a place for the streams without one; running jobs where they run.
  void place() {
    std::vector<int> placement;
    for (std::size_t v = 0; v < result_.streams.size(); ++v) {
      StreamPlan& plan = result_.streams[v];
      if (device_index(problem_, plan.device) < 0) {
        if (placement.empty()) placement = place_streams(problem_);
        plan.device = device(placement[v]).id;
      }
      if (device_index(problem_, plan.retraining_device) < 0) plan.retraining_device = plan.device;
      if (is_bound(v)) plan.retraining_device = problem_.streams[v].retraining_device;
    }
  }

  /// What a stream's pins hold of a device where `d` is the device of its inference and labelling.
  double pins_on(std::size_t v, int d) const {
    double sum = 0;
    StreamPlan plan = result_.streams[v];
    for (ClientKind kind : kKinds)
      if (pinned(v, kind) && device_of(plan, kind) == d) sum += share_of(plan, kind);
    return sum;
  }

  /// Largest first, each stream stays where its pins fit or goes to where the others' pins leave most room.
  void make_room_for_pins() {
    std::vector<double> room;
    for (const Device& d : problem_.devices) room.push_back(d.capacity + kShareTolerance);
    std::vector<std::size_t> order(result_.streams.size());
    std::iota(order.begin(), order.end(), 0);
    const auto pins = [&](std::size_t v) {
      double sum = 0;
      for (ClientKind kind : kKinds)
        if (pinned(v, kind)) sum += share_of(result_.streams[v], kind);
      return sum;
    };
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return pins(a) > pins(b); });
    for (std::size_t v : order) {
      if (pins(v) <= 0) break;
      const auto here = static_cast<std::size_t>(device_of(result_.streams[v], ClientKind::kInference));
      const auto roomiest = std::max_element(room.begin(), room.end()) - room.begin();
      if (pins_on(v, static_cast<int>(here)) > room[here]) move(v, static_cast<int>(roomiest));
      for (std::size_t d = 0; d < room.size(); ++d) room[d] -= pins_on(v, static_cast<int>(d));
    }
  }

  void move(std::size_t v, int to) {
    result_.streams[v].device = device(to).id;
    if (!is_bound(v)) result_.streams[v].retraining_device = device(to).id;
  }

  /// Takes what is too much on a device from its unpinned shares, and from the pinned ones when that is not enough.
  void scale(int d) {
    double held = 0, free = 0;
    each_on(d, [&](double& share, bool pin) { (pin ? held : free) += share; });
    const double capacity = device(d).capacity;
    if (held + free <= capacity) return;
    const double scale_free = free > 0 ? std::max(0.0, capacity - held) / free : 0;
    const double scale_held = held > capacity ? capacity / held : 1;
    each_on(d, [&](double& share, bool pin) { share *= pin ? scale_held : scale_free; });
  }

  template <typename Visit>
  void each_on(int d, const Visit& visit) {
    for (std::size_t v = 0; v < result_.streams.size(); ++v)
      for (ClientKind kind : kKinds)
        if (device_of(result_.streams[v], kind) == d) visit(share_of(result_.streams[v], kind), pinned(v, kind));
  }

  /// One stream's job and what it is worth.
  struct Job {
    std::size_t stream;
    const RetrainingConfig* config;
    int device;
    bool pinned, running;
    double gain;  ///< Of the window's accuracy over no retraining.
  };

  /// Keeps jobs that pay or are pinned, as far as the devices' memory goes: pinned ones first, then those that run,
  /// then those that gain most for their memory.
  void pick_jobs() {
    std::vector<Job> jobs;
    for (std::size_t v = 0; v < result_.streams.size(); ++v)
      if (const Job job = job_of(v); job.config && (job.pinned || job.gain > 0)) jobs.push_back(job);
    const auto rank = [](const Job& job) {
      return std::tuple(!job.pinned, !job.running, -job.gain / std::max(job.config->memory_mb, 1e-9));
    };
    std::stable_sort(jobs.begin(), jobs.end(), [&](auto& a, auto& b) { return rank(a) < rank(b); });
    std::vector<double> left;
    for (const Device& d : problem_.devices) left.push_back(d.memory_mb);
    for (StreamPlan& plan : result_.streams) plan.retraining_config.clear();
    for (const Job& job : jobs) {
      double& memory = left[static_cast<std::size_t>(job.device)];
      if (job.config->memory_mb > memory) continue;
      memory -= job.config->memory_mb;
      result_.streams[job.stream].retraining_config = job.config->id;
    }
  }

  /// The config that the plan names; where a pin gives a share to a stream without one, the one worth most with it.
  Job job_of(std::size_t v) const {
    const Stream& stream = problem_.streams[v];
    const StreamPlan& plan = result_.streams[v];
    Job job{v,
            config_named(stream, plan.retraining_config),
            device_of(plan, ClientKind::kRetraining),
            pinned(v, ClientKind::kRetraining),
            false,
            0};
    if (plan.retraining_share <= 0)
      job.config = nullptr;
    else if (!job.config && job.pinned)
      job.config = pick_configs(windows_[static_cast<std::size_t>(job.device)], stream, plan.inference_share,
                                plan.retraining_share)
                       .retraining;
    if (!job.config) return job;
    job.running = stream.running == job.config->id;
    job.gain = accuracy(v, job.config) - accuracy(v, nullptr);
    return job;
  }

  /// Averaged over the window. The share of a job that ends goes to the stream's inference where that is beside it.
  double accuracy(std::size_t v, const RetrainingConfig* config) const {
    const Stream& stream = problem_.streams[v];
    const StreamPlan& plan = result_.streams[v];
    const DeviceWindow& window =
        windows_[static_cast<std::size_t>(device_of(plan, config ? ClientKind::kRetraining : ClientKind::kInference))];
    if (!config && plan.delivery)
      return window_accuracy(window.window_s, stream.accuracy, *plan.delivery,
                             factor_of(stream, best_inference(stream, plan.inference_share)));
    if (!config || plan.device == plan.retraining_device)
      return estimate_choice(window, stream, plan.inference_share, plan.retraining_share, config).accuracy;
    const double factor = factor_of(stream, best_inference(stream, plan.inference_share));
    const double speed = window.throughput.speed(std::min(plan.retraining_share, config->max_share));
    return window_accuracy(window.window_s, stream.accuracy, config, speed, factor, factor);
  }

  void estimate(std::size_t v) {
    StreamPlan& plan = result_.streams[v];
    const Stream& stream = problem_.streams[v];
    const RetrainingConfig* config = config_named(stream, plan.retraining_config);
    const InferenceConfig* inference = best_inference(stream, plan.inference_share);
    plan.inference_config = inference ? inference->id : "";
    plan.expected_accuracy = std::clamp(accuracy(v, config), 0.0, 1.0);
    if (!config && !pinned(v, ClientKind::kRetraining)) plan.retraining_share = 0;
    if (!config && plan.retraining_share <= 0) plan.retraining_device.clear();
  }

  const Problem& problem_;
  const Rules& rules_;
  std::vector<DeviceWindow> windows_;  ///< [devices].
  Plan result_;
};

}  // namespace

Plan fit(const Problem& problem, const Plan& plan, const Orders& orders, const Present& present) {
  const Rules rules(orders, present);
  const auto obeys = [&](const StreamPlan& stream) { return rules.obeyed_by(stream); };
  if (std::all_of(plan.streams.begin(), plan.streams.end(), obeys) && validate(problem, plan)) return plan;
  return refit(problem, plan, orders, present);
}

Plan refit(const Problem& problem, const Plan& plan, const Orders& orders, const Present& present) {
  const Rules rules(orders, present);
  const Problem estimates = pessimistic(problem);
  return Fitting(estimates, rules).fit(plan);
}

}  // namespace ekya::scheduler
