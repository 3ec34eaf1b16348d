// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/sim/recorded.h"

namespace ekya::sim {

/// Predicted less actual accuracy of every recorded config, in the order of the records, in [-1, 1].
std::vector<double> prediction_errors(const std::vector<CityWindow>& windows);

/// The middle value, the mean of the two middle ones of an even count. `values` is not empty.
double median(std::vector<double> values);

/// So many values lie in [from, from + width).
struct Bin {
  double from = 0;
  int count = 0;
};
/// Bins of `width`, one of which begins at 0, from the least value to the greatest. A value within 1e-9 below an edge
/// counts as on it.
std::vector<Bin> histogram(const std::vector<double>& values, double width);

}  // namespace ekya::sim
