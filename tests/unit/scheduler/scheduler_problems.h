// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
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

/// All that a problem can hold on one device: labelling, floors, weights, running jobs, streams without inference, jobs
/// that cannot use a whole device, unsorted inference configs, a measured throughput curve.
inline Problem random_general_problem(unsigned seed) {
  std::mt19937 random(seed);
  const auto uniform = [&](double low, double high) { return std::uniform_real_distribution<>(low, high)(random); };
  const auto one_in = [&](int n) { return random() % static_cast<unsigned>(n) == 0; };
  Problem problem = random_problem(seed, static_cast<int>(random() % 7));
  problem.devices[0].capacity = one_in(2) ? 1 : uniform(0.15, 3);
  problem.quantum = one_in(2) ? 0.25 : 0.1;
  problem.min_accuracy = one_in(2) ? 0 : uniform(0, 0.6);
  if (one_in(2)) problem.devices[0].throughput = {{0.1, 0.36}, {0.25, 0.62}, {0.5, 0.83}, {1, 1}};
  for (Stream& stream : problem.streams) {
    if (one_in(3)) stream.labelling_demand = uniform(0, 0.1);
    if (one_in(4)) stream.min_accuracy = uniform(0, 1);
    if (one_in(2)) stream.weight = uniform(0.1, 5);
    if (one_in(6)) stream.inference.clear();
    for (InferenceConfig& config : stream.inference) config.factor *= uniform(0.7, 1);
    std::shuffle(stream.inference.begin(), stream.inference.end(), random);
    for (RetrainingConfig& config : stream.retraining) config.memory_mb = uniform(0, 1000);
    if (one_in(5) && !stream.retraining.empty()) stream.running = stream.retraining.back().id;
    stream.cached_accuracy = one_in(2) ? 0 : uniform(0.3, 0.9);
    stream.upload_mbit = uniform(0, 300);
    stream.model_mbit = uniform(0, 400);
  }
  if (one_in(2)) problem.devices[0].memory_mb = uniform(300, 3000);
  if (one_in(2)) problem.cloud = Cloud{uniform(2, 20), uniform(5, 40), uniform(0, 30)};
  return problem;
}

/// The same on two or three devices, some streams placed already.
inline Problem random_devices_problem(unsigned seed) {
  std::mt19937 random(seed);
  Problem problem = random_general_problem(seed);
  const std::size_t devices = 2 + random() % 2;
  for (std::size_t d = 1; d < devices; ++d)
    problem.devices.push_back({"device" + std::to_string(d), 0.5 + static_cast<double>(random() % 3), 500.0 * d, {}});
  for (Stream& stream : problem.streams) {
    if (random() % 2) stream.device = problem.devices[random() % devices].id;
    if (!stream.running.empty()) stream.retraining_device = stream.device;
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
