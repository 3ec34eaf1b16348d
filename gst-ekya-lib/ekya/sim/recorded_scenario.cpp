// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/recorded_scenario.h"

#include <algorithm>
#include <iterator>

#include "ekya/base/random.h"

namespace ekya::sim {
namespace {

/// The windows of each city, in the recorded order.
std::vector<std::vector<const CityWindow*>> cities_of(const Recorded& recorded) {
  std::vector<std::vector<const CityWindow*>> cities;
  for (const CityWindow& window : recorded.windows) {
    if (cities.empty() || cities.back().front()->city != window.city) cities.emplace_back();
    cities.back().push_back(&window);
  }
  return cities;
}

/// Cities in random order, all of them before one comes again.
class Route {
 public:
  Route(const Recorded& recorded, Random& random) : cities_(cities_of(recorded)), random_(random) {}

  std::vector<const CityWindow*> windows(int count) {
    std::vector<const CityWindow*> windows;
    while (static_cast<int>(windows.size()) < count) {
      const auto& city = next_city();
      windows.insert(windows.end(), city.begin(), city.end());
    }
    windows.resize(static_cast<std::size_t>(count));
    return windows;
  }

 private:
  const std::vector<const CityWindow*>& next_city() {
    if (left_.empty())
      for (std::size_t i = 0; i < cities_.size(); ++i) left_.push_back(i);
    const auto at = left_.begin() + random_.below(static_cast<int>(left_.size()));
    const std::size_t city = *at;
    left_.erase(at);
    return cities_[city];
  }

  const std::vector<std::vector<const CityWindow*>> cities_;
  Random& random_;
  std::vector<std::size_t> left_;
};

double best_accuracy(const CityWindow& window) {
  double best = window.accuracy;
  for (const RecordedConfig& config : window.configs) best = std::max(best, config.accuracy);
  return best;
}

Scene scene_of(const CityWindow& window, const DrawOptions& options) {
  Scene result;
  const double widest = options.pooled && !options.mps ? options.devices : 1;
  for (const RecordedConfig& config : window.configs) {
    const double work_s = options.work_scale * config.work_s;
    const double believed_s = options.work_scale * (options.predicted ? config.predicted_work_s : config.work_s);
    result.retraining.push_back(
        {{config.id, believed_s, options.predicted ? config.predicted_accuracy : config.accuracy, widest},
         work_s,
         config.accuracy});
  }
  return result;
}

}  // namespace

Scenario draw_scenario(const Recorded& recorded, const DrawOptions& options, int windows) {
  Random random(options.seed);
  Route route(recorded, random);
  Scenario scenario;
  scenario.window_s = options.window_s;
  scenario.windows = windows;
  scenario.quantum = options.quantum;
  scenario.min_accuracy = options.min_accuracy;
  scenario.devices = devices_of(recorded, options);
  for (int v = 0; v < options.streams; ++v) {
    const auto recorded_windows = route.windows(windows);
    const auto profile = std::next(recorded.profiles.begin(), random.below(static_cast<int>(recorded.profiles.size())));
    ScenarioStream stream;
    stream.id = "v" + std::to_string(v);
    stream.accuracy = recorded_windows.front()->accuracy;
    stream.inference = lattice_configs(profile->second, options.full_demand, options.lattice);
    for (std::size_t k = 0; k < recorded_windows.size(); ++k) {
      stream.scenes.push_back(scene_of(*recorded_windows[k], options));
      stream.scenes[k].begin_s = options.window_s * static_cast<double>(k);
      if (k > 0) stream.scenes[k].drop = best_accuracy(*recorded_windows[k - 1]) - recorded_windows[k]->accuracy;
    }
    scenario.streams.push_back(std::move(stream));
  }
  return scenario;
}

}  // namespace ekya::sim
