// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <utility>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Inference that scales with its share as in the paper's worked example: factor = min(share, 1), every `step` devices.
inline std::vector<InferenceConfig> linear_inference(double step, double most = 1) {
  std::vector<InferenceConfig> configs;
  for (int k = 1; k * step <= most + 1e-9; ++k)
    configs.push_back({"share-" + std::to_string(k), k * step, std::min(1.0, k * step)});
  return configs;
}

/// Ekya (NSDI 2022), Table 1, first window: two videos on 3 GPUs for 120 s.
inline Problem worked_example(double quantum) {
  Problem problem;
  problem.window_s = 120;
  problem.quantum = quantum;
  problem.min_accuracy = 0.4;
  problem.devices[0].capacity = 3;
  problem.devices[0].id = "gpus";
  problem.streams = {
      {"A", 0.65, 0, {}, linear_inference(0.05), {{"1A", 85, 0.75, 3}, {"2A", 65, 0.70, 3}}, ""},
      {"B", 0.50, 0, {}, linear_inference(0.05), {{"1B", 80, 0.90, 3}, {"2B", 50, 0.85, 3}}, ""},
  };
  return problem;
}

inline Problem random_problem(unsigned seed, int streams) {
  std::mt19937 random(seed);
  const auto uniform = [&](double low, double high) { return std::uniform_real_distribution<>(low, high)(random); };
  Problem problem;
  problem.window_s = 200;
  problem.quantum = 0.25;
  problem.min_accuracy = 0;
  for (int v = 0; v < streams; ++v) {
    Stream stream{"cam" + std::to_string(v), uniform(0.3, 0.9), 0, {}, {}, {}, ""};
    stream.inference = linear_inference(0.125, uniform(0.2, 1.0));
    const int configs = static_cast<int>(uniform(0, 4));
    for (int c = 0; c < configs; ++c)
      stream.retraining.push_back({"g" + std::to_string(c), uniform(3, 120), uniform(0.3, 1), uniform(0.3, 1)});
    problem.streams.push_back(std::move(stream));
  }
  return problem;
}

/// Random numbers that do not depend on the standard library.
class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_()) / static_cast<double>(std::mt19937::max());
  }
  int below(int end) { return static_cast<int>(engine_() % static_cast<unsigned>(end)); }
  bool chance(double probability) { return uniform(0, 1) < probability; }

 private:
  std::mt19937 engine_;
};

/// Everything that a problem may have: several devices of all sizes, curves, memory, weights, floors, labelling,
/// running jobs.
inline Problem varied_problem(unsigned seed) {
  Random random(seed);
  Problem problem;
  problem.window_s = random.uniform(5, 300);
  problem.quantum = random.chance(0.5) ? 0.1 : 0.25;
  problem.min_accuracy = random.chance(0.5) ? 0 : random.uniform(0, 0.6);
  problem.devices.clear();
  for (int d = 0; d < 1 + random.below(4); ++d) {
    Device device;
    device.id = "device-" + std::to_string(d);
    device.capacity = random.chance(0.6) ? 1 : random.uniform(0.2, 3);
    if (random.chance(0.4)) device.throughput = {{0.1, 0.36}, {0.5, 0.83}, {0.7, 0.84}, {1, 1}};
    if (random.chance(0.4)) device.memory_mb = random.uniform(100, 2000);
    problem.devices.push_back(std::move(device));
  }
  const int streams = random.below(9);
  for (int v = 0; v < streams; ++v) {
    Stream stream;
    stream.id = "cam" + std::to_string(v);
    stream.accuracy = random.uniform(0, 1);
    if (random.chance(0.3)) stream.labelling_demand = random.uniform(0, 0.2);
    if (random.chance(0.3)) stream.min_accuracy = random.uniform(0, 0.9);
    if (random.chance(0.3)) stream.weight = random.uniform(0.1, 5);
    const double full = random.uniform(0, 1.2);
    for (int k = random.below(6); k > 0; --k)
      stream.inference.push_back({"i" + std::to_string(k), full / k, random.uniform(0, 1)});
    for (int c = random.below(8); c > 0; --c)
      stream.retraining.push_back({"g" + std::to_string(c), std::exp(random.uniform(-1, 6)), random.uniform(0, 1),
                                   random.uniform(0.1, 2), random.chance(0.5) ? 0 : random.uniform(0, 1000)});
    const auto any_device = [&] {
      return problem.devices[static_cast<std::size_t>(random.below(static_cast<int>(problem.devices.size())))].id;
    };
    if (random.chance(0.3)) stream.device = any_device();
    if (!stream.retraining.empty() && random.chance(0.2)) {
      stream.running = stream.retraining.front().id;
      stream.retraining_device = any_device();
    }
    problem.streams.push_back(std::move(stream));
  }
  return problem;
}

inline double sum_of_shares(const Plan& plan) {
  double sum = 0;
  for (const StreamPlan& stream : plan.streams)
    sum += stream.inference_share + stream.labelling_share + stream.retraining_share;
  return sum;
}

}  // namespace ekya::scheduler
