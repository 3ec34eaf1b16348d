// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

namespace ekya::sim {

/// What one policy reached on one case.
struct Score {
  double accuracy = 0;      ///< Weighted mean over the streams and windows, in [0, 1].
  double worst_stream = 0;  ///< Accuracy of the worst stream.
  double upper_bound = 1;   ///< Of `accuracy`, as the first plan told it; NaN where it is not known.
  double below_floor = 0;   ///< Part of the streams' time spent below their a_min, in [0, 1].
};

/// A mean with half the width of its 95 % confidence interval, from the normal approximation; 0 for a single value.
struct Estimate {
  double mean = 0, half_width = 0;
};
Estimate estimate(const std::vector<double>& values);

/// One policy over all cases, and against the first policy case by case.
struct Summary {
  Estimate accuracy;
  Estimate worst_stream;
  Estimate gap;         ///< Upper bound less accuracy.
  Estimate difference;  ///< Accuracy less that of the first policy.
  double least_difference = 0, most_difference = 0;
  std::size_t least_case = 0, most_case = 0;  ///< The cases they occur in.
  double below_floor = 0;                     ///< Mean.
};

/// `scores` has shape [cases][policies], at least one case. Returns [policies].
std::vector<Summary> summarise(const std::vector<std::vector<Score>>& scores);

}  // namespace ekya::sim
