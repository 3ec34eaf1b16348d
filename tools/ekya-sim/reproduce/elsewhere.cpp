// SPDX-License-Identifier: LGPL-2.1-or-later
// Models from elsewhere: retrained in a cloud, or stored earlier.
#include <algorithm>

#include "ekya-sim/reproduce/experiments.h"
#include "ekya-sim/reproduce/lines.h"
#include "ekya/sim/recorded_scenario.h"

namespace ekya::sim {
namespace {

constexpr int kWindowsInARow = 3;
/// Table 3 of the paper: a tenth of 400 s of video at 4 Mbit/s goes up, a ResNet18 comes down.
constexpr double kUploadMbit = 160, kModelMbit = 398;

struct Network {
  const char* name;
  double uplink_mbps, downlink_mbps;
};
constexpr Network kNetworks[]{{"cellular", 5.1, 17.5}, {"satellite", 8.5, 15}};

DrawOptions cloud_options(std::uint64_t seed) {
  DrawOptions options;
  options.streams = 8;
  options.devices = 4;
  options.window_s = 400;
  options.seed = seed;
  return options;
}

Case one_cloud_window(const Bench& bench, const Network& network, double times, std::uint64_t seed) {
  Case one = draw(bench.recorded, cloud_options(seed));
  for (scheduler::Problem* problem : {&one.believed, &one.truth}) {
    problem->cloud = scheduler::Cloud{times * network.uplink_mbps, times * network.downlink_mbps, 0};
    for (scheduler::Stream& stream : problem->streams) {
      stream.upload_mbit = kUploadMbit;
      stream.model_mbit = kModelMbit;
    }
  }
  return one;
}

Scenario cloud_windows(const Bench& bench, const Network& network, double times, std::uint64_t seed) {
  Scenario scenario = draw_scenario(bench.recorded, cloud_options(seed), kWindowsInARow);
  scenario.cloud = scheduler::Cloud{times * network.uplink_mbps, times * network.downlink_mbps, 0};
  for (ScenarioStream& stream : scenario.streams) {
    stream.upload_mbit = kUploadMbit;
    stream.model_mbit = kModelMbit;
  }
  return scenario;
}

/// A stored model keeps the part `relative` of the accuracy that the best retraining of the window reaches.
Case with_cache(const Bench& bench, int gpus, double relative, std::uint64_t seed) {
  DrawOptions options;
  options.streams = 10;
  options.devices = gpus;
  options.seed = seed;
  Case one = draw(bench.recorded, options);
  for (scheduler::Problem* problem : {&one.believed, &one.truth})
    for (scheduler::Stream& stream : problem->streams) {
      double best = stream.accuracy;
      for (const scheduler::RetrainingConfig& config : stream.retraining) best = std::max(best, config.accuracy);
      stream.cached_accuracy = relative * best;
    }
  return one;
}

}  // namespace

Result<std::string> cloud(const Bench& bench) {
  const std::vector<Line> lines{{"phased", "phased"},   {"thief-wide", "thief-wide"}, {"thief", "thief"},
                                {"uniform", "uniform"}, {"cloud", "cloud"},           kBestNoRetraining};
  std::vector<Panel> panels;
  for (const Network& network : kNetworks) {
    panels.push_back(panel(std::string(network.name) + "; one window", lines,
                           [&](double x, std::uint64_t seed) { return one_cloud_window(bench, network, x, seed); }));
    panels.push_back(panel(std::string(network.name) + "; three windows", lines,
                           [&](double x, std::uint64_t seed) { return cloud_windows(bench, network, x, seed); }));
  }
  return csv_of_sweep({1, 2, 5, 10, 20}, lines, panels, bench.draws, bench.seed);
}

Result<std::string> cached(const Bench& bench) {
  const std::vector<Line> lines{{"phased", "phased"},
                                {"thief-wide", "thief-wide"},
                                {"cached", "cached"},
                                {"phased from cache", "phased", true, "", true},
                                {"best plan from cache", "phased", false, "", true},
                                kBestNoRetraining};
  std::vector<Panel> panels;
  for (const int gpus : {1, 2, 4, 8})
    panels.push_back(panel(in_gpus(gpus), lines,
                           [&bench, gpus](double x, std::uint64_t seed) { return with_cache(bench, gpus, x, seed); }));
  return csv_of_sweep({0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1}, lines, panels, bench.draws, bench.seed);
}

}  // namespace ekya::sim
