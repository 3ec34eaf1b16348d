// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/scenario.h"

#include <algorithm>
#include <cmath>

#include "ekya/scheduler/check.h"

namespace ekya::sim {
namespace {

using scheduler::check_fraction;
using scheduler::check_positive;
using scheduler::in_words;
using scheduler::Problem;
using scheduler::Stream;

Status refuse(const std::string& place, const std::string& what) {
  return Error{ErrorCode::kInvalidArgument, place + ": " + what};
}

Status check_within_window(const Scenario& scenario, const std::string& place, double seconds) {
  if (seconds >= 0 && seconds < scenario.window_s) return {};
  return refuse(place, in_words(seconds) + " is not in [0, window_s)");
}

Status check_true_configs(const std::string& place, const std::vector<TrueConfig>& configs) {
  for (std::size_t c = 0; c < configs.size(); ++c) {
    const std::string here = place + "[" + std::to_string(c) + "]";
    if (auto s = check_positive(here + ".work_s", configs[c].work_s); !s) return s;
    if (auto s = check_fraction(here + ".accuracy", configs[c].accuracy); !s) return s;
  }
  return {};
}

Status check_window(const Scenario& scenario, const std::string& place, const StreamWindow& window) {
  if (!(std::abs(window.drop) <= 1)) return refuse(place + ".drop", in_words(window.drop) + " is not in [-1, 1]");
  if (auto s = check_within_window(scenario, place + ".drop_at_s", window.drop_at_s); !s) return s;
  return check_true_configs(place + ".retraining", window.retraining);
}

Stream stream_of(const ScenarioStream& from, std::size_t window, double accuracy, bool believed) {
  Stream stream;
  stream.id = from.id;
  stream.accuracy = accuracy;
  stream.weight = from.weight;
  stream.min_accuracy = from.min_accuracy;
  stream.labelling_demand = from.labelling_demand;
  stream.upload_mbit = from.upload_mbit;
  stream.model_mbit = from.model_mbit;
  stream.inference = from.inference;
  stream.cached_accuracy = from.windows[window].cached_accuracy;
  for (const TrueConfig& config : from.windows[window].retraining) {
    stream.retraining.push_back(config.believed);
    if (believed) continue;
    stream.retraining.back().work_s = config.work_s;
    stream.retraining.back().accuracy = config.accuracy;
  }
  return stream;
}

/// What a problem's own check says, with the window in the place: the streams' fields lie elsewhere there.
Status check_problem(const Scenario& scenario, std::size_t window) {
  std::vector<double> accuracy;
  for (const ScenarioStream& stream : scenario.streams) accuracy.push_back(stream.accuracy);
  const Status status = validate(problem_of(scenario, window, accuracy, /*believed=*/true));
  if (status) return {};
  std::string message = status.error().message;
  for (const char* field : {".retraining", ".cached_accuracy"})
    if (const auto at = message.find(field); at != std::string::npos) {
      message.insert(at, ".windows[" + std::to_string(window) + "]");
      break;
    }
  return Error{ErrorCode::kInvalidArgument, message};
}

}  // namespace

Status validate(const Scenario& scenario) {
  if (scenario.windows() == 0) return refuse("streams", "there must be at least one stream with at least one window");
  if (auto s = check_positive("window_s", scenario.window_s); !s) return s;
  if (auto s = check_within_window(scenario, "label_delay_s", scenario.label_delay_s); !s) return s;
  if (auto s = check_within_window(scenario, "swap_delay_s", scenario.swap_delay_s); !s) return s;
  for (std::size_t v = 0; v < scenario.streams.size(); ++v) {
    const auto& windows = scenario.streams[v].windows;
    const std::string place = "streams[" + std::to_string(v) + "].windows";
    if (windows.size() != scenario.windows())
      return refuse(place, "has " + std::to_string(windows.size()) + " windows, the first stream " +
                               std::to_string(scenario.windows()));
    for (std::size_t w = 0; w < windows.size(); ++w)
      if (auto s = check_window(scenario, place + "[" + std::to_string(w) + "]", windows[w]); !s) return s;
  }
  for (std::size_t w = 0; w < scenario.windows(); ++w)
    if (auto s = check_problem(scenario, w); !s) return s;
  return {};
}

Problem problem_of(const Scenario& scenario, std::size_t window, const std::vector<double>& accuracy, bool believed) {
  Problem problem;
  problem.window_s = scenario.window_s;
  problem.quantum = scenario.quantum;
  problem.min_accuracy = scenario.min_accuracy;
  problem.kappa = scenario.kappa;
  problem.devices = scenario.devices;
  problem.cloud = scenario.cloud;
  for (std::size_t v = 0; v < scenario.streams.size(); ++v)
    problem.streams.push_back(stream_of(scenario.streams[v], window, accuracy[v], believed));
  return problem;
}

bool is_one_problem(const Scenario& scenario) {
  return scenario.windows() == 1 && scenario.label_delay_s == 0 && scenario.swap_delay_s == 0 &&
         std::all_of(scenario.streams.begin(), scenario.streams.end(),
                     [](const ScenarioStream& s) { return s.windows[0].drop_at_s == 0 || s.windows[0].drop == 0; });
}

}  // namespace ekya::sim
