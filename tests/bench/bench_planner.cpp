// SPDX-License-Identifier: LGPL-2.1-or-later
// How long the phased planner takes, how that grows, how far it is from exhaustive search, and which floors it holds,
// as Google Benchmarks with counters; `./run bench planner` puts them together with what `ekya-sim compare` says.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>

#include "brute_force.h"
#include "ekya/scheduler/assignment.h"
#include "ekya/scheduler/policies.h"
#include "ekya/sim/generate.h"

namespace {

using namespace ekya;  // NOLINT: a program of one file

constexpr int kProblems = 10;  ///< Different ones that a measurement takes in turn.

std::vector<scheduler::Problem> problems(int streams, int devices, bool measured, int count = kProblems) {
  std::vector<scheduler::Problem> problems;
  for (int k = 0; k < count; ++k) {
    sim::GenerateOptions options;
    options.streams = streams;
    options.devices = devices;
    options.curve = measured ? sim::Curve::kMps : sim::Curve::kLinear;
    options.seed = static_cast<std::uint64_t>(k) + 1;
    problems.push_back(sim::problem_of(sim::generate(options), true));
  }
  return problems;
}

/// Arguments: streams, devices, whether the curve is a measured one.
void plan(benchmark::State& state) {
  const auto all = problems(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), state.range(2) != 0);
  const auto policy = scheduler::make_phased();
  std::size_t next = 0;
  double gap = 0;
  for (auto _ : state) {
    const scheduler::Plan plan = policy->plan(all[next++ % all.size()]);
    gap += plan.upper_bound - plan.mean_accuracy;
  }
  state.counters["gap_points"] = 100 * gap / static_cast<double>(state.iterations());
}
BENCHMARK(plan)
    ->ArgNames({"streams", "devices", "measured"})
    ->Args({10, 8, 0})
    ->Args({10, 8, 1})
    ->Args({100, 16, 0})
    ->Args({100, 16, 1})
    ->Args({1000, 64, 0})
    ->Args({1000, 64, 1})
    ->Args({64, 4, 0})
    ->Args({128, 8, 0})
    ->Args({256, 16, 0})
    ->Args({512, 32, 0})
    ->Args({1024, 64, 0})
    ->Unit(benchmark::kMillisecond);

/// Arguments: streams, whether the curve is a measured one. Counter: the largest distance below exhaustive search, in
/// points.
void below_brute_force(benchmark::State& state) {
  const int streams = static_cast<int>(state.range(0));
  double worst = 0;
  for (auto _ : state)
    for (scheduler::Problem problem : problems(streams, 1, state.range(1) != 0, streams == 2 ? 200 : 10)) {
      problem.min_accuracy = 0;
      problem.devices[0].memory_mb = std::numeric_limits<double>::infinity();
      for (scheduler::Stream& stream : problem.streams) {
        stream.min_accuracy.reset();
        stream.labelling_demand = 0;
        stream.retraining.resize(std::min<std::size_t>(stream.retraining.size(), 3));
      }
      const double best = scheduler::BruteForce(problem, streams == 2 ? 20 : 10).best();
      worst = std::max(worst, best - scheduler::make_phased()->plan(problem).mean_accuracy);
    }
  state.counters["worst_points"] = 100 * worst;
}
BENCHMARK(below_brute_force)
    ->ArgNames({"streams", "measured"})
    ->Args({2, 0})
    ->Args({2, 1})
    ->Args({3, 0})
    ->Args({3, 1})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

/// Demand that a stream's floor takes, where its student can hold it.
std::vector<double> floor_demands(const scheduler::Problem& problem) {
  std::vector<double> demands;
  const scheduler::WindowModel model(problem);
  for (const auto& stream : model.streams)
    if (stream.floor > 0) demands.push_back(stream.floor_demand());
  std::sort(demands.rbegin(), demands.rend());
  return demands;
}

/// Whether first fit, largest first, finds room for all floors at once: then they are satisfiable.
bool satisfiable(const scheduler::Problem& problem, const std::vector<double>& demands) {
  std::vector<double> left;
  for (const auto& device : problem.devices) left.push_back(device.capacity);
  return std::all_of(demands.begin(), demands.end(), [&](double demand) {
    const auto device = std::find_if(left.begin(), left.end(), [&](double l) { return demand <= l + 1e-9; });
    if (device != left.end()) *device -= demand;
    return device != left.end();
  });
}

/// Counter: part of the floors that are held, in problems whose floors all fit at once.
void floors(benchmark::State& state) {
  double wanted = 0, held = 0;
  for (auto _ : state)
    for (int streams : {2, 4, 8, 16, 32})
      for (int devices : {1, 2, 4, 8})
        for (scheduler::Problem& problem : problems(streams, devices, false, 20)) {
          problem.min_accuracy = 0.3;
          const std::vector<double> demands = floor_demands(problem);
          if (!satisfiable(problem, demands)) continue;
          const scheduler::Plan plan = scheduler::make_phased()->plan(problem);
          const scheduler::WindowModel model(problem);
          std::size_t missed = 0;
          for (std::size_t v = 0; v < problem.streams.size(); ++v)
            missed += model.streams[v].floor > 0 &&
                      std::count(plan.floors_missed.begin(), plan.floors_missed.end(), problem.streams[v].id) > 0;
          wanted += static_cast<double>(demands.size());
          held += static_cast<double>(demands.size() - missed);
        }
  state.counters["wanted"] = wanted;
  state.counters["held_percent"] = 100 * held / wanted;
}
BENCHMARK(floors)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace

BENCHMARK_MAIN();
