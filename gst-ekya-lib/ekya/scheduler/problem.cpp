// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/problem.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

Status refuse(const std::string& place, const std::string& what) {
  return Error{ErrorCode::kInvalidArgument, place + ": " + what};
}

std::string place_of(std::size_t stream) { return "streams[" + std::to_string(stream) + "]"; }

Status check_cloud(const Problem& problem) {
  if (!problem.cloud) return {};
  if (auto s = check_positive("cloud.uplink_mbps", problem.cloud->uplink_mbps); !s) return s;
  if (auto s = check_positive("cloud.downlink_mbps", problem.cloud->downlink_mbps); !s) return s;
  return check_not_negative("cloud.delay_s", problem.cloud->delay_s);
}

Status check_window(const Problem& problem) {
  if (auto s = check_positive("window_s", problem.window_s); !s) return s;
  if (!(problem.quantum > 0 && problem.quantum <= 1))
    return refuse("quantum", in_words(problem.quantum) + " is not in (0, 1]");
  if (auto s = check_fraction("min_accuracy", problem.min_accuracy); !s) return s;
  if (auto s = check_not_negative("kappa", problem.kappa); !s) return s;
  return check_cloud(problem);
}

Status check_curve(const std::string& place, const std::vector<CurvePoint>& curve) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const std::string here = place + "[" + std::to_string(i) + "]";
    if (auto s = check_not_negative(here + "[0]", curve[i].share); !s) return s;
    if (auto s = check_not_negative(here + "[1]", curve[i].speed); !s) return s;
    if (i > 0 && curve[i].share <= curve[i - 1].share)
      return refuse(here, "share " + in_words(curve[i].share) + " does not lie above the one before it");
  }
  const auto reaches = [](const CurvePoint& p) { return p.share > 0 && p.speed > 0; };
  if (curve.empty() || std::any_of(curve.begin(), curve.end(), reaches)) return {};
  return refuse(place, "no point of the curve has a speed above 0");
}

Status check_device(const std::string& place, const Device& device) {
  if (auto s = check_config_id(place + ".id", device.id); !s) return s;
  if (auto s = check_positive(place + ".capacity", device.capacity); !s) return s;
  if (!(device.memory_mb > 0)) return refuse(place + ".memory_mb", in_words(device.memory_mb) + " is not > 0");
  return check_curve(place + ".throughput", device.throughput);
}

Status check_devices(const Problem& problem) {
  if (problem.devices.empty()) return refuse("devices", "is empty; name at least one device");
  std::set<std::string_view> seen;
  for (std::size_t d = 0; d < problem.devices.size(); ++d) {
    const std::string place = "devices[" + std::to_string(d) + "]";
    if (auto s = check_device(place, problem.devices[d]); !s) return s;
    if (!seen.insert(problem.devices[d].id).second)
      return refuse(place + ".id", "'" + problem.devices[d].id + "' is there twice");
  }
  return {};
}

Status check_known_device(const Problem& problem, const std::string& place, const std::string& id) {
  if (id.empty() || device_index(problem, id) >= 0) return {};
  return refuse(place, "'" + printable(id) + "' is not the id of a device");
}

Status check_stream(const std::string& place, const Stream& stream) {
  if (auto s = check_name(place + ".id", stream.id); !s) return s;
  if (auto s = check_fraction(place + ".accuracy", stream.accuracy); !s) return s;
  if (auto s = check_not_negative(place + ".labelling_demand", stream.labelling_demand); !s) return s;
  if (stream.min_accuracy)
    if (auto s = check_fraction(place + ".min_accuracy", *stream.min_accuracy); !s) return s;
  if (auto s = check_configs(place + ".inference", stream.inference); !s) return s;
  if (auto s = check_configs(place + ".retraining", stream.retraining); !s) return s;
  if (auto s = check_positive(place + ".weight", stream.weight); !s) return s;
  if (auto s = check_fraction(place + ".cached_accuracy", stream.cached_accuracy); !s) return s;
  if (auto s = check_not_negative(place + ".upload_mbit", stream.upload_mbit); !s) return s;
  if (auto s = check_not_negative(place + ".model_mbit", stream.model_mbit); !s) return s;
  return check_running(place + ".running", stream.retraining, stream.running);
}

template <typename Config>
bool has(const std::vector<Config>& configs, const std::string& id) {
  return id.empty() || std::any_of(configs.begin(), configs.end(), [&](const Config& c) { return c.id == id; });
}

Status check_answer(const Problem& problem, const std::string& place, const Stream& stream, const StreamPlan& answer) {
  if (answer.id != stream.id) return refuse(place + ".id", "'" + printable(answer.id) + "' is not '" + stream.id + "'");
  if (!has(stream.inference, answer.inference_config))
    return refuse(place + ".inference_config", "'" + printable(answer.inference_config) + "' is not offered");
  if (!has(stream.retraining, answer.retraining_config))
    return refuse(place + ".retraining_config", "'" + printable(answer.retraining_config) + "' is not offered");
  if (device_index(problem, answer.device) < 0)
    return refuse(place + ".device", "'" + printable(answer.device) + "' is not the id of a device");
  if (!answer.retraining_config.empty() && device_index(problem, answer.retraining_device) < 0)
    return refuse(place + ".retraining_device",
                  "'" + printable(answer.retraining_device) + "' is not the id of a device");
  if (auto s = check_not_negative(place + ".inference_share", answer.inference_share); !s) return s;
  if (auto s = check_not_negative(place + ".labelling_share", answer.labelling_share); !s) return s;
  if (auto s = check_not_negative(place + ".retraining_share", answer.retraining_share); !s) return s;
  if (answer.delivery) {
    if (auto s = check_not_negative(place + ".delivery.at_s", answer.delivery->at_s); !s) return s;
    if (auto s = check_fraction(place + ".delivery.accuracy", answer.delivery->accuracy); !s) return s;
  }
  return check_fraction(place + ".expected_accuracy", answer.expected_accuracy);
}

Status check_phases(const std::string& place, const Stream& stream, const StreamPlan& answer) {
  for (std::size_t k = 0; k < answer.phases.size(); ++k) {
    const Phase& phase = answer.phases[k];
    const std::string here = place + ".phases[" + std::to_string(k) + "]";
    if (k == 0 ? phase.begin_s != 0 : !(phase.begin_s > answer.phases[k - 1].begin_s && std::isfinite(phase.begin_s)))
      return refuse(here + ".begin_s",
                    in_words(phase.begin_s) + (k == 0 ? " is not 0" : " does not lie after the phase before"));
    if (!has(stream.inference, phase.inference_config))
      return refuse(here + ".inference_config", "'" + printable(phase.inference_config) + "' is not offered");
    if (auto s = check_not_negative(here + ".inference_share", phase.inference_share); !s) return s;
    if (auto s = check_not_negative(here + ".retraining_share", phase.retraining_share); !s) return s;
  }
  if (answer.phases.empty()) return {};
  const Phase& first = answer.phases.front();
  if (first.inference_share == answer.inference_share && first.retraining_share == answer.retraining_share &&
      first.inference_config == answer.inference_config)
    return {};
  return refuse(place + ".phases[0]", "differs from what the stream gets at once");
}

/// What the streams hold of one resource of a device, as changes over time; a plan's phases are those changes.
class Holdings {
 public:
  explicit Holdings(std::size_t devices) : changes_(devices) {}

  void change(int device, double at_s, double amount) {
    if (device >= 0 && amount != 0) changes_[static_cast<std::size_t>(device)].push_back({at_s, amount});
  }

  /// Most that is held at any time. At one moment what ends goes before what begins.
  double most(std::size_t device) {
    auto& changes = changes_[device];
    std::sort(changes.begin(), changes.end());
    double held = 0, most = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      held += changes[i].second;
      if (i + 1 == changes.size() || changes[i + 1].first > changes[i].first + kTimeTolerance)
        most = std::max(most, held);
    }
    return most;
  }

 private:
  static constexpr double kTimeTolerance = 1e-9;  ///< In seconds.
  std::vector<std::vector<std::pair<double, double>>> changes_;
};

void hold_shares(const Problem& problem, const StreamPlan& plan, Holdings& shares) {
  const int device = device_index(problem, plan.device);
  const int retraining_device = device_index(problem, plan.retraining_device);
  shares.change(device, 0, plan.labelling_share);
  double inference = 0, retraining = 0;
  for (const Phase& phase : phases_of(plan)) {
    shares.change(device, phase.begin_s, phase.inference_share - std::exchange(inference, phase.inference_share));
    shares.change(retraining_device, phase.begin_s,
                  phase.retraining_share - std::exchange(retraining, phase.retraining_share));
  }
}

/// A job holds its memory from its first share to its last.
void hold_memory(const Problem& problem, const Stream& stream, const StreamPlan& plan, Holdings& memory) {
  if (plan.retraining_config.empty()) return;
  const RetrainingConfig* config = config_named(stream, plan.retraining_config);
  const std::vector<Phase> phases = phases_of(plan);
  const auto runs = [](const Phase& phase) { return phase.retraining_share > 0; };
  const auto first = std::find_if(phases.begin(), phases.end(), runs);
  if (first == phases.end()) return;
  const auto last = std::find_if(phases.rbegin(), phases.rend(), runs).base();
  const int device = device_index(problem, plan.retraining_device);
  memory.change(device, first->begin_s, config->memory_mb);
  if (last != phases.end()) memory.change(device, last->begin_s, -config->memory_mb);
}

Status check_devices_hold(const Problem& problem, const Plan& plan) {
  Holdings shares(problem.devices.size()), memory(problem.devices.size());
  for (std::size_t v = 0; v < plan.streams.size(); ++v) {
    hold_shares(problem, plan.streams[v], shares);
    hold_memory(problem, problem.streams[v], plan.streams[v], memory);
  }
  for (std::size_t d = 0; d < problem.devices.size(); ++d) {
    const Device& device = problem.devices[d];
    if (const double most = shares.most(d); most > device.capacity + kShareTolerance)
      return refuse("streams", "the shares of device '" + device.id + "' sum to " + in_words(most) +
                                   ", more than the capacity " + in_words(device.capacity));
    if (const double most = memory.most(d); most > device.memory_mb * (1 + kShareTolerance))
      return refuse("streams", "the jobs on device '" + device.id + "' hold " + in_words(most) + " MB, more than " +
                                   in_words(device.memory_mb) + " MB");
  }
  return {};
}

template <typename Config>
const Config* named(const std::vector<Config>& configs, const std::string& id) {
  const auto it = std::find_if(configs.begin(), configs.end(), [&](const Config& c) { return c.id == id; });
  return it == configs.end() ? nullptr : &*it;
}

}  // namespace

Status validate(const Problem& problem) {
  if (auto s = check_window(problem); !s) return s;
  if (auto s = check_devices(problem); !s) return s;
  std::set<std::string_view> seen;
  for (std::size_t v = 0; v < problem.streams.size(); ++v) {
    const Stream& stream = problem.streams[v];
    if (auto s = check_stream(place_of(v), stream); !s) return s;
    if (auto s = check_known_device(problem, place_of(v) + ".device", stream.device); !s) return s;
    if (auto s = check_known_device(problem, place_of(v) + ".retraining_device", stream.retraining_device); !s)
      return s;
    if (!seen.insert(stream.id).second) return refuse(place_of(v) + ".id", "'" + stream.id + "' is there twice");
  }
  return {};
}

Status validate(const Problem& problem, const Plan& plan) {
  if (plan.streams.size() != problem.streams.size())
    return refuse("streams", "the plan has " + std::to_string(plan.streams.size()) + " streams, the problem " +
                                 std::to_string(problem.streams.size()));
  for (std::size_t v = 0; v < plan.streams.size(); ++v) {
    if (auto s = check_answer(problem, place_of(v), problem.streams[v], plan.streams[v]); !s) return s;
    if (auto s = check_phases(place_of(v), problem.streams[v], plan.streams[v]); !s) return s;
  }
  if (auto s = check_devices_hold(problem, plan); !s) return s;
  if (auto s = check_fraction("upper_bound", plan.upper_bound); !s) return s;
  return check_fraction("mean_accuracy", plan.mean_accuracy);
}

double total_capacity(const Problem& problem) {
  double sum = 0;
  for (const Device& device : problem.devices) sum += device.capacity;
  return sum;
}

double floor_of(const Problem& problem, const Stream& stream) {
  return stream.min_accuracy.value_or(problem.min_accuracy);
}

Problem pessimistic(const Problem& problem) {
  Problem worse = problem;
  worse.kappa = 0;
  if (problem.kappa == 0) return worse;
  for (Stream& stream : worse.streams)
    for (RetrainingConfig& config : stream.retraining) {
      config.accuracy = std::clamp(config.accuracy - problem.kappa * config.accuracy_sd, 0.0, 1.0);
      config.work_s = std::min(config.work_s + problem.kappa * config.work_sd_s, std::numeric_limits<double>::max());
    }
  return worse;
}

std::vector<Phase> phases_of(const StreamPlan& plan) {
  if (!plan.phases.empty()) return plan.phases;
  return {{0, plan.inference_config, plan.inference_share, plan.retraining_share}};
}

const RetrainingConfig* config_named(const Stream& stream, const std::string& id) {
  return named(stream.retraining, id);
}

const InferenceConfig* inference_named(const Stream& stream, const std::string& id) {
  return named(stream.inference, id);
}

int device_index(const Problem& problem, const std::string& id) {
  for (std::size_t d = 0; d < problem.devices.size(); ++d)
    if (problem.devices[d].id == id) return static_cast<int>(d);
  return -1;
}

}  // namespace ekya::scheduler
