// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/sim/compare.h"

namespace ekya::sim {

/// One diagram of a sweep.
struct Panel {
  std::string name;  ///< Without commas.
  /// What each line reaches at `x` in one draw, [lines]. The same seed is the same draw at every x and for every line.
  std::function<Result<std::vector<double>>(double x, std::uint64_t seed)> measure;
};

/// An experiment: panels × x values × lines, all over the same random draws.
struct Sweep {
  std::vector<double> xs;
  std::vector<std::string> lines;  ///< Without commas.
  std::vector<Panel> panels;
  int draws = 1;           ///< >= 1.
  std::uint64_t seed = 1;  ///< Draw i has seed + i.
};

struct SweepPoint {
  std::string panel;
  double x = 0;
  std::string line;
  Estimate value;
  Estimate difference;  ///< To the panel's first line, draw by draw.
};

/// Measures everything, in the order panel, x, line. Errors: the first one of a measure, with panel and x.
Result<std::vector<SweepPoint>> run(const Sweep& sweep);

/// One point a row: panel, x, line, mean, half_width, difference, difference_half_width, draws.
std::string csv_of(const std::vector<SweepPoint>& points, int draws);

}  // namespace ekya::sim
