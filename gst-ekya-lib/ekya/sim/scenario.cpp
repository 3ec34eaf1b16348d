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

constexpr int kMostWindows = 100000;

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

Status check_scene(const Scenario& scenario, const std::string& place, const Scene& scene) {
  if (!(scene.begin_s >= 0 && scene.begin_s < scenario.window_s * scenario.windows))
    return refuse(place + ".begin_s", in_words(scene.begin_s) + " lies in none of the windows");
  if (!(std::abs(scene.drop) <= 1)) return refuse(place + ".drop", in_words(scene.drop) + " is not in [-1, 1]");
  return check_true_configs(place + ".retraining", scene.retraining);
}

Status check_scenes(const Scenario& scenario, const std::string& place, const std::vector<Scene>& scenes) {
  if (scenes.empty()) return refuse(place, "is empty; describe at least one scene");
  if (scenes.front().begin_s != 0) return refuse(place + "[0].begin_s", in_words(scenes.front().begin_s) + " is not 0");
  for (std::size_t k = 0; k < scenes.size(); ++k) {
    const std::string here = place + "[" + std::to_string(k) + "]";
    if (k > 0 && scenes[k].begin_s <= scenes[k - 1].begin_s)
      return refuse(here + ".begin_s", in_words(scenes[k].begin_s) + " does not lie after the scene before");
    if (auto s = check_scene(scenario, here, scenes[k]); !s) return s;
  }
  return {};
}

Stream stream_of(const ScenarioStream& from, const Scene& scene, bool believed) {
  Stream stream;
  stream.id = from.id;
  stream.accuracy = from.accuracy;
  stream.weight = from.weight;
  stream.min_accuracy = from.min_accuracy;
  stream.labelling_demand = from.labelling_demand;
  stream.upload_mbit = from.upload_mbit;
  stream.model_mbit = from.model_mbit;
  stream.inference = from.inference;
  stream.cached_accuracy = scene.cached_accuracy;
  for (const TrueConfig& config : scene.retraining) {
    stream.retraining.push_back(config.believed);
    if (believed) continue;
    stream.retraining.back().work_s = config.work_s;
    stream.retraining.back().accuracy = config.accuracy;
  }
  return stream;
}

/// The streams' scenes of that number, or their last, as a problem.
Problem problem_of_scenes(const Scenario& scenario, std::size_t number, bool believed) {
  Problem problem;
  problem.window_s = scenario.window_s;
  problem.quantum = scenario.quantum;
  problem.min_accuracy = scenario.min_accuracy;
  problem.kappa = scenario.kappa;
  problem.devices = scenario.devices;
  problem.cloud = scenario.cloud;
  for (const ScenarioStream& stream : scenario.streams)
    problem.streams.push_back(stream_of(stream, stream.scenes[std::min(number, stream.scenes.size() - 1)], believed));
  return problem;
}

/// What a problem's own check says, with the scene in the place: the streams' fields lie elsewhere there.
Status check_problem(const Scenario& scenario, std::size_t scene) {
  const Status status = validate(problem_of_scenes(scenario, scene, /*believed=*/true));
  if (status) return {};
  std::string message = status.error().message;
  for (const char* field : {".retraining", ".cached_accuracy"})
    if (const auto at = message.find(field); at != std::string::npos) {
      message.insert(at, ".scenes[" + std::to_string(scene) + "]");
      break;
    }
  return Error{ErrorCode::kInvalidArgument, message};
}

}  // namespace

Status validate(const Scenario& scenario) {
  if (scenario.streams.empty()) return refuse("streams", "is empty; describe at least one stream");
  if (auto s = check_positive("window_s", scenario.window_s); !s) return s;
  if (scenario.windows < 1 || scenario.windows > kMostWindows)
    return refuse("windows", std::to_string(scenario.windows) + " is not in [1, " + std::to_string(kMostWindows) + "]");
  if (auto s = check_within_window(scenario, "label_delay_s", scenario.label_delay_s); !s) return s;
  if (auto s = check_within_window(scenario, "swap_delay_s", scenario.swap_delay_s); !s) return s;
  std::size_t most = 0;
  for (std::size_t v = 0; v < scenario.streams.size(); ++v) {
    const auto& scenes = scenario.streams[v].scenes;
    if (auto s = check_scenes(scenario, "streams[" + std::to_string(v) + "].scenes", scenes); !s) return s;
    most = std::max(most, scenes.size());
  }
  for (std::size_t k = 0; k < most; ++k)
    if (auto s = check_problem(scenario, k); !s) return s;
  return {};
}

Problem problem_of(const Scenario& scenario, bool believed) {
  Problem problem = problem_of_scenes(scenario, 0, believed);
  for (std::size_t v = 0; v < problem.streams.size(); ++v) {
    double& accuracy = problem.streams[v].accuracy;
    accuracy = std::clamp(accuracy - scenario.streams[v].scenes[0].drop, 0.0, 1.0);
  }
  return problem;
}

bool is_one_problem(const Scenario& scenario) {
  return scenario.windows == 1 && scenario.label_delay_s == 0 && scenario.swap_delay_s == 0 &&
         std::all_of(scenario.streams.begin(), scenario.streams.end(),
                     [](const ScenarioStream& stream) { return stream.scenes.size() == 1; });
}

}  // namespace ekya::sim
