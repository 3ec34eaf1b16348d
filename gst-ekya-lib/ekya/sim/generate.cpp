// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/generate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ekya/base/random.h"
#include "ekya/sim/estimate_error.h"

namespace ekya::sim {
namespace {

constexpr double kMostAccuracy = 0.98;  ///< No model is better.
constexpr double kLargestDrop = 0.22;   ///< Ekya (NSDI 2022), section 2.2: "up to 22 %".
constexpr double kMeanWork = 40;        ///< Geometric mean of the configs' GPU-seconds, and the logarithm's deviation.
constexpr double kWorkSpread = 1.1;
constexpr std::array<double, 10> kRates{1, 2, 3, 4, 5, 6, 8, 10, 15, 20};  ///< One frame in so many is looked at.

/// Which of the rarer features a scenario has.
struct Features {
  bool memory, floors, weights, labelling, cached;
};

class Generator {
 public:
  explicit Generator(const GenerateOptions& options) : options_(options), random_(options.seed) {}

  Scenario scenario() {
    Scenario scenario;
    scenario.window_s = options_.window_s;
    scenario.windows = options_.windows;
    scenario.quantum = options_.quantum;
    scenario.min_accuracy = options_.min_accuracy;
    scenario.label_delay_s = options_.label_delay_s;
    scenario.swap_delay_s = options_.swap_delay_s;
    features_ = {random_.chance(0.3), random_.chance(0.3), random_.chance(0.3), random_.chance(0.3),
                 random_.chance(0.3)};
    scenario.devices = devices();
    for (int v = 0; v < options_.streams; ++v) scenario.streams.push_back(stream(v));
    return scenario;
  }

 private:
  double normal(double mean, double deviation, double low, double high) {
    return std::clamp(mean + deviation * random_.normal(), low, high);
  }
  double log_uniform(double low, double high) { return low * std::pow(high / low, random_.uniform()); }

  std::vector<scheduler::Device> devices() {
    const auto curve = throughput();
    std::vector<scheduler::Device> devices;
    for (int d = 0; d < (options_.pooled ? 1 : options_.devices); ++d) {
      scheduler::Device device;
      device.id = "gpu" + std::to_string(d);
      device.capacity = options_.pooled ? options_.devices : 1;
      device.throughput = curve;
      if (features_.memory) device.memory_mb = options_.pooled ? 16000.0 * options_.devices : 16000;
      devices.push_back(std::move(device));
    }
    return devices;
  }

  std::vector<scheduler::CurvePoint> throughput() {
    curved_ = options_.curve == Curve::kMps || (options_.curve == Curve::kMixed && random_.chance(0.5));
    if (!curved_) return {};
    const double c = log_uniform(0.15, 0.6);
    std::vector<scheduler::CurvePoint> points;
    for (int k = 1; k <= 10; ++k) points.push_back({k / 10.0, (1 + c) * (k / 10.0) / (k / 10.0 + c)});
    return points;
  }

  ScenarioStream stream(int number) {
    ScenarioStream stream;
    stream.id = "cam" + std::to_string(number);
    stream.accuracy = normal(0.8, 0.08, 0.4, 0.95);
    stream.inference = inference();
    if (features_.weights) stream.weight = log_uniform(0.5, 4);
    if (features_.floors && random_.chance(0.5)) stream.min_accuracy = random_.uniform(0.3, 0.7);
    if (features_.labelling) stream.labelling_demand = random_.uniform(0, 0.05);
    stream.upload_mbit = log_uniform(40, 400);
    stream.model_mbit = log_uniform(40, 400);
    double reachable = stream.accuracy;
    for (int w = 0; w < options_.windows; ++w) stream.scenes.push_back(scene(reachable, w));
    return stream;
  }

  /// A frame in `rate` costs a rate-th of the full demand and keeps 1 / (1 + (rate − 1) / r) of the accuracy.
  std::vector<scheduler::InferenceConfig> inference() {
    const double full = random_.uniform(0.1, 0.4), r = random_.uniform(3, 7);
    std::vector<scheduler::InferenceConfig> configs;
    for (const double rate : kRates)
      configs.push_back({"every-" + std::to_string(static_cast<int>(rate)), full / rate, 1 / (1 + (rate - 1) / r)});
    return configs;
  }

  /// A window's scene begins with it, or now and then in its middle. `reachable` is what a good model reached in the
  /// scene before, and becomes what one reaches in this one; in the first scene the start accuracy has the drop
  /// already.
  Scene scene(double& reachable, int window) {
    Scene scene;
    scene.begin_s = window * options_.window_s;
    if (window > 0) {
      scene.drop = std::min(kLargestDrop, std::abs(0.1 * random_.normal()));
      if (random_.chance(0.2)) scene.begin_s += random_.uniform(0, options_.window_s);
    }
    const double start = std::max(0.0, reachable - scene.drop);
    const double gain = normal(0.15, 0.075, 0, 0.35);
    reachable = std::min(kMostAccuracy, start + gain);
    if (features_.cached && random_.chance(0.5)) scene.cached_accuracy = random_.uniform(0.8, 1) * reachable;
    const int configs = 2 + random_.below(std::max(1, options_.configs - 1));
    for (int c = 0; c < std::min(configs, options_.configs); ++c)
      scene.retraining.push_back(config(c, start, reachable - start));
    return scene;
  }

  /// A config reaches a part of the scene's gain that grows with its work and differs by what it trains.
  TrueConfig config(int number, double start, double gain) {
    TrueConfig config;
    config.work_s = std::clamp(kMeanWork * std::exp(kWorkSpread * random_.normal()), 2.0, 400.0);
    const double part = random_.uniform(0.2, 1) * (1 - std::exp(-config.work_s / 15));
    config.accuracy = normal(start + gain * part, 0.02, 0, kMostAccuracy);
    config.believed.id = "g" + std::to_string(number);
    config.believed.work_s = config.work_s;
    config.believed.accuracy = config.accuracy;
    config.believed.max_share = options_.pooled && !curved_ ? options_.devices : 1;
    if (features_.memory) config.believed.memory_mb = log_uniform(1000, 9000);
    return config;
  }

  const GenerateOptions& options_;
  Random random_;
  Features features_{};
  bool curved_ = false;
};

}  // namespace

Scenario generate(const GenerateOptions& options) {
  Scenario scenario = Generator(options).scenario();
  add_estimate_error(scenario, options.error, mix(options.seed, 1));
  return scenario;
}

}  // namespace ekya::sim
