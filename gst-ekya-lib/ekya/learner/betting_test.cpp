// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/betting_test.h"

#include <algorithm>
#include <numeric>

namespace ekya::learner {
namespace {

/// In parts of the largest stake that cannot ruin the gambler.
constexpr std::array<double, 4> kStakes{0.2, 0.4, 0.6, 0.8};
/// Far beyond any threshold, far below overflow.
constexpr double kMost = 1e100;

}  // namespace

BettingTest::BettingTest(double low, double mean) : low_(low), mean_(mean) { wealth_.fill(1); }

void BettingTest::add(double value) {
  const double odds = (std::max(value, low_) - mean_) / (mean_ - low_);  // >= -1
  for (std::size_t i = 0; i < wealth_.size(); ++i) wealth_[i] = std::min(kMost, wealth_[i] * (1 + kStakes[i] * odds));
}

double BettingTest::wealth() const {
  return std::accumulate(wealth_.begin(), wealth_.end(), 0.0) / static_cast<double>(wealth_.size());
}

}  // namespace ekya::learner
