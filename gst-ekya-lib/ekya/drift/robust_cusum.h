// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>

namespace ekya::drift {

struct RobustCusumOptions {
  double usual_deviation = 1;  ///< Long-run deviation of such a signal, where little is known yet, > 0.
  double usual_weight = 40;    ///< Values that this counts as.
  int warm_up = 20;            ///< Values that the first reference is made of, 2 to kMostWarmUp.
  double memory = 1200;        ///< Values that the reference follows over.
  double allowance = 0.5;      ///< A shift by less is none; in long-run deviations, as the next two.
  double threshold = 12;       ///< Sum of shifts that alarms.
  double clip = 4;             ///< One value shifts by at most so much: an outlier alone never alarms.
  bool only_up = false;
};

/// Whether a signal has left its own slowly learned reference: a two-sided CUSUM of values standardised by median and
/// median absolute deviation, later by clipped running means. Neighbouring values of a video are alike, so the
/// deviation is the long-run one, s sqrt((1 + r) / (1 - r)) with lag-one autocorrelation r. Constant memory and time.
/// Sources: Page 1954; the long-run variance of an AR(1) process, as in Lu, Reynolds, "CUSUM charts for monitoring an
/// autocorrelated process", JQT 2001.
class RobustCusum {
 public:
  static constexpr int kMostWarmUp = 32;

  explicit RobustCusum(RobustCusumOptions options = {}) : options_(options) {}

  /// `value` is finite. Whether the sum is above the threshold.
  bool add(double value);
  /// Sum of the larger side over the threshold, >= 0; above 1 alarms.
  double level() const;
  double reference() const { return mean_; }
  bool is_learning() const { return count_ < options_.warm_up; }
  /// What comes next is the new reference; how much the signal varies is known by now.
  void relearn() { count_ = 0, up_ = down_ = 0; }

 private:
  void learn_first();
  void follow(double value);
  double deviation() const;

  RobustCusumOptions options_;
  std::array<double, kMostWarmUp> first_{};
  int count_ = 0;                ///< Values of the reference, at most warm_up.
  double weight_ = 0;            ///< Values that the spread is from, at most `memory`.
  double mean_ = 0, local_ = 0;  ///< Over `memory` values, and over the newest ones.
  double variance_ = 0, covariance_ = 0;
  double last_ = 0;  ///< Clipped residual.
  double up_ = 0, down_ = 0;
};

}  // namespace ekya::drift
