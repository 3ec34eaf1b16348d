// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/worked_example.h"

namespace ekya::sim {

scheduler::Problem worked_example(int window, const std::vector<double>& accuracy, double step) {
  constexpr double kGpus = 3;
  scheduler::Problem problem;
  problem.window_s = 120;
  problem.quantum = step;
  problem.min_accuracy = 0.4;
  problem.devices[0].id = "gpus";
  problem.devices[0].capacity = kGpus;
  scheduler::Stream a, b;
  a.id = "A";
  b.id = "B";
  if (window == 0) {
    a.retraining = {{"cfg1A", 85, 0.75, kGpus}, {"cfg2A", 65, 0.70, kGpus}};
    b.retraining = {{"cfg1B", 80, 0.90, kGpus}, {"cfg2B", 50, 0.85, kGpus}};
  } else {
    a.retraining = {{"cfg1A", 90, 0.95, kGpus}, {"cfg2A", 40, 0.90, kGpus}};
    b.retraining = {{"cfg1B", 80, 0.98, kGpus}, {"cfg2B", 70, 0.90, kGpus}};
  }
  problem.streams = {a, b};
  for (std::size_t v = 0; v < problem.streams.size(); ++v) {
    problem.streams[v].accuracy = accuracy.at(v);
    for (int k = 1; k * step <= 1; ++k) problem.streams[v].inference.push_back({std::to_string(k), k * step, k * step});
  }
  return problem;
}

Result<std::vector<Executed>> run_worked_example(const scheduler::Policy& policy, bool retraining) {
  std::vector<double> accuracy{0.65, 0.5};
  std::vector<Executed> windows;
  for (int window = 0; window < 2; ++window) {
    scheduler::Problem problem = worked_example(window, accuracy);
    if (!retraining)
      for (scheduler::Stream& stream : problem.streams) stream.retraining.clear();
    auto executed = execute(problem, policy);
    if (!executed) return executed.error();
    accuracy = executed->end_accuracy;
    windows.push_back(std::move(*executed));
  }
  return windows;
}

}  // namespace ekya::sim
