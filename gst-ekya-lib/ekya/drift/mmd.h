// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>

#include "ekya/base/result.h"

namespace ekya::drift {

struct MmdOptions {
  double significance = 0.01;  ///< Chance of a false detection a test, in (0, 1).
  int permutations = 199;      ///< At least 1 / significance - 1, or nothing is ever significant.
  std::uint64_t seed = 1;      ///< Of the permutations.
};

struct MmdResult {
  double mmd2 = 0;       ///< Unbiased estimate of the squared discrepancy, about [-1, 2]; about 0 where both are alike.
  double p_value = 1;    ///< In (0, 1].
  double bandwidth = 0;  ///< Of the kernel, in the features' unit; 0 where all samples are the same.
  bool drift = false;    ///< p_value <= significance.
};

/// Drift detection, tier two: whether two sets of features come from one distribution. Kernel two-sample test with the
/// kernel exp(-d^2 / (2 bandwidth^2)), the bandwidth being the median distance of all pairs, and significance by
/// permutation. `reference`: [m, dimension], `recent`: [n, dimension], row-major. Samples are independent: crops of one
/// object in many frames are not.
/// Cost: O((m + n)^2 (dimension + 1) + permutations min(m, n)^2) time, O((m + n)^2) memory. Any thread.
/// Errors: kInvalidArgument for a size that is no multiple of `dimension`, fewer than 2 or more than 2000 samples in a
/// set, a number that is not finite, or options out of range.
/// Source: Gretton, Borgwardt, Rasch, Schölkopf, Smola, "A kernel two-sample test", JMLR 13, 2012: Lemma 6, and the
/// bootstrap and median heuristic of section 8.
Result<MmdResult> mmd_test(std::span<const float> reference, std::span<const float> recent, int dimension,
                           const MmdOptions& options = {});

}  // namespace ekya::drift
