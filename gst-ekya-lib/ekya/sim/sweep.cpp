// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/sweep.h"

#include <cstdio>

namespace ekya::sim {
namespace {

/// A number without trailing zeros, for messages and tables.
std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

/// Of one panel at one x, [lines][draws].
Result<std::vector<std::vector<double>>> measure(const Sweep& sweep, const Panel& panel, double x) {
  std::vector<std::vector<double>> values(sweep.lines.size());
  for (int draw = 0; draw < sweep.draws; ++draw) {
    const auto reached = panel.measure(x, sweep.seed + static_cast<std::uint64_t>(draw));
    if (!reached)
      return Error{reached.error().code, panel.name + " at " + short_number(x) + ": " + reached.error().message};
    for (std::size_t line = 0; line < values.size(); ++line) values[line].push_back(reached->at(line));
  }
  return values;
}

std::vector<double> less(std::vector<double> values, const std::vector<double>& reference) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= reference[i];
  return values;
}

}  // namespace

Result<std::vector<SweepPoint>> run(const Sweep& sweep) {
  std::vector<SweepPoint> points;
  for (const Panel& panel : sweep.panels)
    for (const double x : sweep.xs) {
      const auto values = measure(sweep, panel, x);
      if (!values) return values.error();
      for (std::size_t line = 0; line < sweep.lines.size(); ++line)
        points.push_back({panel.name, x, sweep.lines[line], estimate((*values)[line]),
                          estimate(less((*values)[line], values->front()))});
    }
  return points;
}

std::string csv_of(const std::vector<SweepPoint>& points, int draws) {
  std::string text = "panel,x,line,mean,half_width,difference,difference_half_width,draws\n";
  for (const SweepPoint& p : points) {
    char numbers[128];
    std::snprintf(numbers, sizeof numbers, ",%.5f,%.5f,%.5f,%.5f,%d\n", p.value.mean, p.value.half_width,
                  p.difference.mean, p.difference.half_width, draws);
    text += p.panel + "," + short_number(p.x) + "," + p.line + numbers;
  }
  return text;
}

}  // namespace ekya::sim
