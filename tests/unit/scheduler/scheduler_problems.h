// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

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

inline double sum_of_shares(const Plan& plan) {
  double sum = 0;
  for (const StreamPlan& stream : plan.streams)
    sum += stream.inference_share + stream.labelling_share + stream.retraining_share;
  return sum;
}

}  // namespace ekya::scheduler
