// SPDX-License-Identifier: LGPL-2.1-or-later
// Accuracy by the number of streams and of GPUs, and by the length of the window.
#include <algorithm>
#include <cstdio>

#include "ekya-sim/reproduce/experiments.h"
#include "ekya-sim/reproduce/lines.h"
#include "ekya/sim/recorded_scenario.h"

namespace ekya::sim {
namespace {

constexpr int kWindowsInARow = 3;  ///< As many as most cities have.
constexpr int kMostStreams = 16;   ///< Of the capacity experiment.

DrawOptions options_of(int streams, int devices, bool mps, std::uint64_t seed) {
  DrawOptions options;
  options.streams = streams;
  options.devices = devices;
  options.mps = mps;
  options.seed = seed;
  return options;
}

/// What x counts, the other being given.
struct Load {
  int streams = 0, gpus = 0;  ///< 0: x.

  DrawOptions at(double x, bool mps, std::uint64_t seed) const {
    return options_of(streams > 0 ? streams : static_cast<int>(x), gpus > 0 ? gpus : static_cast<int>(x), mps, seed);
  }
};

Panel one_window(const std::string& name, const Bench& bench, const std::vector<Line>& lines, Load load, bool mps) {
  return panel(name, lines, [&bench, load, mps](double x, std::uint64_t seed) {
    return draw(bench.recorded, load.at(x, mps, seed));
  });
}

Panel windows_in_a_row(const std::string& name, const Bench& bench, const std::vector<Line>& lines, Load load,
                       bool mps) {
  return panel(name, lines, [&bench, load, mps](double x, std::uint64_t seed) {
    return draw_scenario(bench.recorded, load.at(x, mps, seed), kWindowsInARow);
  });
}

/// One window under both curves, and windows in a row.
std::vector<Panel> panels_of(const Bench& bench, const std::vector<Line>& lines, Load load, const std::string& prefix) {
  return {one_window(prefix + "one window; linear", bench, lines, load, false),
          one_window(prefix + "one window; MPS curve", bench, lines, load, true),
          windows_in_a_row(prefix + "three windows; linear", bench, lines, load, false),
          windows_in_a_row(prefix + "three windows; MPS curve", bench, lines, load, true)};
}

/// The most streams up to which the mean accuracy, moved by `sides` half widths, never falls below the target.
int capacity_of(const std::vector<SweepPoint>& points, const std::string& panel, const std::string& line, double target,
                double sides) {
  int streams = 0;
  for (const SweepPoint& point : points) {
    if (point.panel != panel || point.line != line) continue;
    if (point.value.mean + sides * point.value.half_width < target) break;
    streams = static_cast<int>(point.x);
  }
  return streams;
}

/// Four streams that show something else every 200 s, in windows of x seconds.
Panel windows_of_other_length(const Bench& bench, const std::vector<Line>& lines, int gpus) {
  return panel(in_gpus(gpus), lines, [&bench, gpus](double x, std::uint64_t seed) {
    constexpr int kScenes = 6;
    Scenario scenario = draw_scenario(bench.recorded, options_of(4, gpus, false, seed), kScenes);
    const double run_s = kScenes * scenario.window_s;
    scenario.window_s = x;
    scenario.windows = static_cast<int>(run_s / x);
    return scenario;
  });
}

}  // namespace

Result<std::string> by_streams(const Bench& bench) {
  const auto lines = usual_lines();
  std::vector<Panel> panels;
  for (const int gpus : {1, 2})
    for (Panel& each : panels_of(bench, lines, {0, gpus}, in_gpus(gpus) + "; ")) panels.push_back(each);
  return csv_of_sweep({2, 4, 6, 8}, lines, panels, bench.draws, bench.seed);
}

Result<std::string> by_gpus(const Bench& bench) {
  const auto lines = usual_lines();
  return csv_of_sweep({1, 2, 4, 8}, lines, panels_of(bench, lines, {10, 0}, ""), bench.draws, bench.seed);
}

Result<std::string> ablations(const Bench& bench) {
  const std::vector<Line> lines{{"phased", "phased"},
                                {"thief-wide", "thief-wide"},
                                {"thief", "thief"},
                                {"fixed-config", "fixed-config"},
                                {"fixed-share", "fixed-share"},
                                {"uniform", "uniform"},
                                kBestNoRetraining};
  return csv_of_sweep({1, 2, 4, 8}, lines, panels_of(bench, lines, {10, 0}, ""), bench.draws, bench.seed);
}

Result<std::string> by_window(const Bench& bench) {
  const std::vector<Line> lines{{"phased", "phased"},
                                {"thief-wide", "thief-wide"},
                                {"thief", "thief"},
                                {"uniform", "uniform"},
                                kBestNoRetraining};
  std::vector<Panel> panels;
  for (const int gpus : {1, 2, 4}) panels.push_back(windows_of_other_length(bench, lines, gpus));
  return csv_of_sweep({10, 25, 50, 100, 200, 400, 600, 1200}, lines, panels, bench.draws, bench.seed);
}

Result<std::string> capacity(const Bench& bench) {
  const std::vector<Line> lines = usual_lines();
  Sweep sweep;
  sweep.draws = bench.draws;
  sweep.seed = bench.seed;
  for (int n = 1; n <= kMostStreams; ++n) sweep.xs.push_back(n);
  for (const Line& line : lines) sweep.lines.push_back(line.name);
  for (const int gpus : {1, 2, 4})
    sweep.panels.push_back(windows_in_a_row(std::to_string(gpus), bench, lines, {0, gpus}, false));
  const auto points = run(sweep);
  if (!points) return points.error();
  std::string text = "target,gpus,line,streams,least,most,draws\n";
  for (const double target : {0.7, 0.75, 0.8})
    for (const Panel& gpus : sweep.panels)
      for (const Line& line : lines) {
        char row[128];
        const auto of = [&](double sides) { return capacity_of(*points, gpus.name, line.name, target, sides); };
        std::snprintf(row, sizeof row, "%.2f,%s,%s,%d,%d,%d,%d\n", target, gpus.name.c_str(), line.name.c_str(), of(0),
                      of(-1), of(1), bench.draws);
        text += row;
      }
  return text;
}

}  // namespace ekya::sim
