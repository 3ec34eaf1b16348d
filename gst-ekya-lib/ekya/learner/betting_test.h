// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>

namespace ekya::learner {

/// Tests while the data come in whether the mean of bounded numbers is above `mean`, and may be asked after each of
/// them: if each number's mean, given those before, is at most `mean`, the chance that the wealth ever reaches 1 / p is
/// at most p. A gambler bets on each number at several fixed stakes, a quarter of the wealth on each. Not thread-safe.
/// Source: J. Ville, 1939, for the bound; I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables
/// by betting", JRSS B 86 (2024), section 4, for the bets.
class BettingTest {
 public:
  /// low < mean: the numbers are >= low.
  BettingTest(double low, double mean);

  void add(double value);
  /// >= 0, at first 1.
  double wealth() const;

 private:
  double low_, mean_;
  std::array<double, 4> wealth_;
};

}  // namespace ekya::learner
