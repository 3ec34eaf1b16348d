// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <optional>

#include "ekya/drift/adwin.h"
#include "ekya/drift/page_hinkley.h"

namespace ekya::learner {

/// How two models answered the same labelled samples.
struct PairedCounts {
  int both = 0;     ///< Both right.
  int gained = 0;   ///< Only the new one right.
  int lost = 0;     ///< Only the old one right.
  int neither = 0;  ///< Both wrong.

  void add(bool old_right, bool new_right);
  int total() const { return both + gained + lost + neither; }
  double old_accuracy() const;  ///< 0 where there is no sample.
  double new_accuracy() const;  ///< 0 where there is no sample.
};

/// Chance that of wins + losses fair coin tosses at least `wins` come up heads, in [0, 1]; 1 without a toss.
/// Source: the exact one-sided sign test, which for paired answers is McNemar's test on the discordant pairs.
double sign_test(int wins, int losses);

/// 95 % interval of a proportion. Source: E. B. Wilson, 1927.
struct Interval {
  double low = 0, high = 1;
};
Interval wilson_interval(int right, int total);

/// Follows the accuracy of the live model on labels that it has not learned from, newest first, and sees it fall: drift
/// detection, tier three. accuracy() weighs labels by half-lives; a fall is seen by Page-Hinkley, which is quick where
/// it is large, and by ADWIN, which sees a small one in time, both on the series of right and wrong. Not thread-safe.
class AccuracyMonitor {
 public:
  static constexpr int kHalfLife = 25;   ///< Labels.
  static constexpr int kFewest = 10;     ///< No accuracy is told from fewer labels.
  static constexpr int kMost = 140;      ///< Labels that are remembered one by one.
  static constexpr double kFall = 0.10;  ///< A smaller fall is no drift.

  AccuracyMonitor() { watch_anew({}); }

  void add(bool right);

  /// In [0, 1]; empty before kFewest labels, save that a model measured elsewhere starts with that figure.
  std::optional<double> accuracy() const;

  struct Drift {
    double accuracy = 0, previous = 0;  ///< Since the change and before it, in [0, 1].
  };
  /// Either detector has seen a fall by more than kFall. A drift is told once: what came before it is forgotten.
  std::optional<Drift> take_drift();

  /// Another model is live now; `accuracy` is what the gate measured on recent labels, if it did.
  void reset(std::optional<double> accuracy);

 private:
  static constexpr double kPriorWeight = 10;     ///< The gate's figure counts as much as this many labels.
  static constexpr double kMeasuredWeight = 20;  ///< For Page-Hinkley: a drift must not wash it away.

  struct Fall {
    long since = 0;       ///< Labels, newest ones, that are after it.
    double previous = 0;  ///< Accuracy before it.
  };
  void watch_anew(std::optional<double> accuracy);
  void watch_adwin(double error);
  double accuracy_before(long since) const;

  std::deque<bool> right_;  ///< Newest last, at most kMost.
  std::optional<double> prior_;
  drift::PageHinkley page_hinkley_;  ///< Of errors, as the next.
  drift::Adwin adwin_;
  std::optional<Fall> fall_;
};

}  // namespace ekya::learner
