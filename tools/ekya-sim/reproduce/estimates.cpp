// SPDX-License-Identifier: LGPL-2.1-or-later
// What the planner's grid and its estimates cost.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "ekya-sim/input.h"
#include "ekya-sim/reproduce/experiments.h"
#include "ekya-sim/reproduce/lines.h"
#include "ekya/sim/estimate_error.h"
#include "ekya/sim/micro_profile.h"

namespace ekya::sim {
namespace {

const std::vector<Line>& planning_lines() {
  static const std::vector<Line> lines{{"phased", "phased"}, {"thief-wide", "thief-wide"}, {"thief", "thief"},
                                       {"exact", "exact"},   {"uniform", "uniform"},       kBestNoRetraining};
  return lines;
}

DrawOptions ten_streams(int gpus, std::uint64_t seed) {
  DrawOptions options;
  options.streams = 10;
  options.devices = gpus;
  options.seed = seed;
  return options;
}

Case with_quantum(const Bench& bench, int gpus, double quantum, std::uint64_t seed) {
  DrawOptions options = ten_streams(gpus, seed);
  options.quantum = quantum;
  return draw(bench.recorded, options);
}

/// How long each line takes to decide, in ms: the shortest of three times, since others use the machine too.
Result<std::vector<double>> decision_ms(const scheduler::Problem& problem) {
  std::vector<double> times;
  for (const Line& line : planning_lines()) {
    const auto policy = timed_policy(line.policy);
    if (!policy) return policy.error();
    scheduler::Problem offered = problem;
    if (!line.retraining)
      for (scheduler::Stream& stream : offered.streams) stream.retraining.clear();
    double shortest_s = (*policy)->plan(offered).decision_s;
    for (int again = 0; again < 2; ++again) shortest_s = std::min(shortest_s, (*policy)->plan(offered).decision_s);
    times.push_back(1e3 * shortest_s);
  }
  return times;
}

/// How the estimates are wrong, and what the planner does about it.
struct Doubt {
  const char* name;
  bool accuracy_only;  ///< As in the paper; else the work too.
  double kappa;
};
constexpr Doubt kDoubts[]{{"accuracy wrong", true, 0}, {"work too", false, 0}, {"work too; kappa 1", false, 1}};

Case with_error(const Bench& bench, int gpus, double error, const Doubt& doubt, std::uint64_t seed) {
  Case one = draw(bench.recorded, ten_streams(gpus, seed));
  one.believed = with_estimate_error(one.truth, error, seed);
  one.believed.kappa = doubt.kappa;
  if (!doubt.accuracy_only) return one;
  for (std::size_t v = 0; v < one.truth.streams.size(); ++v)
    for (std::size_t c = 0; c < one.truth.streams[v].retraining.size(); ++c)
      one.believed.streams[v].retraining[c].work_s = one.truth.streams[v].retraining[c].work_s;
  return one;
}

}  // namespace

Result<std::string> by_quantum(const Bench& bench) {
  std::vector<Panel> panels;
  for (const int gpus : {2, 8})
    panels.push_back(panel(in_gpus(gpus), planning_lines(),
                           [&bench, gpus](double x, auto seed) { return with_quantum(bench, gpus, x, seed); }));
  panels.push_back({"ms for a decision; 8 GPUs", [&bench](double x, std::uint64_t seed) {
                      return decision_ms(with_quantum(bench, 8, x, seed).truth);
                    }});
  return csv_of_sweep({1, 0.5, 0.2, 0.1, 0.05, 0.02}, planning_lines(), panels, bench.draws, bench.seed);
}

Result<std::string> by_error(const Bench& bench) {
  std::vector<Panel> panels;
  for (const int gpus : {1, 2, 4, 8})
    for (const Doubt& doubt : kDoubts)
      panels.push_back(panel(
          in_gpus(gpus) + "; " + doubt.name, planning_lines(),
          [&bench, &doubt, gpus](double x, std::uint64_t seed) { return with_error(bench, gpus, x, doubt, seed); }));
  return csv_of_sweep({0, 0.05, 0.1, 0.2, 0.3, 0.5}, planning_lines(), panels, bench.draws, bench.seed);
}

Result<std::string> micro_profile(const Bench& bench) {
  constexpr double kBin = 0.05;
  const std::vector<double> errors = prediction_errors(bench.recorded.windows);
  std::vector<double> sizes;
  for (const double error : errors) sizes.push_back(std::abs(error));
  std::string text = "from,to,count\n";
  char row[96];
  for (const Bin& bin : histogram(errors, kBin)) {
    std::snprintf(row, sizeof row, "%.2f,%.2f,%d\n", bin.from, bin.from + kBin, bin.count);
    text += row;
  }
  std::snprintf(row, sizeof row, "median of the absolute error,%.4f,%zu\n", median(sizes), sizes.size());
  return text + row;
}

}  // namespace ekya::sim
