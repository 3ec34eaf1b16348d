// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/accuracy.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ekya::learner {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

drift::PageHinkleyOptions quick() {
  drift::PageHinkleyOptions options;
  options.delta = AccuracyMonitor::kFall;
  options.threshold = 1;  // Of the rarest errors; threshold() is above.
  options.alpha = 1;
  options.mode = drift::PageHinkleyOptions::Mode::kUp;
  return options;
}

/// Where errors are rare, fewer of them are news. docs/algorithms/drift-detection.md has what follows from the 13.
double threshold(double accuracy) {
  const double p = std::clamp(1 - accuracy, 0.05, 0.5);
  return 13 * std::sqrt(p * (1 - p));
}

drift::AdwinOptions patient() {
  drift::AdwinOptions options;
  options.delta = 0.05;
  options.clock = 8;  // Labels are dear: do not wait for more.
  return options;
}

}  // namespace

void PairedCounts::add(bool old_right, bool new_right) {
  int& cell = old_right ? (new_right ? both : lost) : (new_right ? gained : neither);
  ++cell;
}

double PairedCounts::old_accuracy() const { return ratio(both + lost, total()); }
double PairedCounts::new_accuracy() const { return ratio(both + gained, total()); }

double sign_test(int wins, int losses) {
  wins = std::max(0, wins);
  const int tosses = wins + std::max(0, losses);
  double tail = 0;
  for (int k = wins; k <= tosses; ++k)
    tail +=
        std::exp(std::lgamma(tosses + 1) - std::lgamma(k + 1) - std::lgamma(tosses - k + 1) - tosses * std::log(2.0));
  return std::clamp(tail, 0.0, 1.0);
}

Interval wilson_interval(int right, int total) {
  if (total <= 0) return {};
  constexpr double z = 1.959964;
  const double n = total, p = std::clamp(right / n, 0.0, 1.0);
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

void AccuracyMonitor::add(bool right) {
  right_.push_back(right);
  if (right_.size() > kMost) right_.pop_front();
  if (fall_) ++fall_->since;
  const double error = right ? 0 : 1;
  if (page_hinkley_.add(error) && !fall_) {
    const Fall fall{page_hinkley_.since_rise(), accuracy_before(page_hinkley_.since_rise())};
    if (page_hinkley_.rise() > threshold(fall.previous)) fall_ = fall;
  }
  watch_adwin(error);
}

void AccuracyMonitor::watch_adwin(double error) {
  const double count = static_cast<double>(adwin_.width()) + 1, total = adwin_.mean() * (count - 1) + error;
  if (!adwin_.add(error)) return;
  const double kept = static_cast<double>(adwin_.width());
  const double before = ratio(total - adwin_.mean() * kept, count - kept);
  if (before >= adwin_.mean())  // It has become better: that is what the next fall is from.
    page_hinkley_ = drift::PageHinkley(quick(), adwin_.mean(), std::min<double>(kept, kMost));
  else if (!fall_)
    fall_ = Fall{adwin_.width(), 1 - before};
}

/// Before the newest `since` labels.
double AccuracyMonitor::accuracy_before(long since) const {
  const auto split = right_.end() - std::min(since, static_cast<long>(right_.size()));
  const double weight = prior_ ? kPriorWeight : 0;
  const double right = static_cast<double>(std::count(right_.begin(), split, true));
  return ratio(right + weight * prior_.value_or(0), static_cast<double>(split - right_.begin()) + weight);
}

std::optional<double> AccuracyMonitor::accuracy() const {
  if (!prior_ && right_.size() < kFewest) return std::nullopt;
  double weight = 1, total = 0, sum = 0;
  for (auto it = right_.rbegin(); it != right_.rend(); ++it, weight *= std::exp2(-1.0 / kHalfLife)) {
    total += weight;
    sum += *it ? weight : 0;
  }
  if (prior_) {
    const double prior_weight = kPriorWeight * weight;  // It is older than all of them.
    total += prior_weight;
    sum += prior_weight * *prior_;
  }
  return sum / total;
}

std::optional<AccuracyMonitor::Drift> AccuracyMonitor::take_drift() {
  if (!fall_) return std::nullopt;
  const Fall fall = *std::exchange(fall_, std::nullopt);
  const auto split = right_.end() - std::min(fall.since, static_cast<long>(right_.size()));
  const double now =
      ratio(static_cast<double>(std::count(split, right_.end(), true)), static_cast<double>(right_.end() - split));
  if (fall.previous - now <= kFall) return std::nullopt;  // Page-Hinkley tells again with the next label.
  right_.erase(right_.begin(), split);
  prior_.reset();
  watch_anew(std::nullopt);
  return Drift{now, fall.previous};
}

void AccuracyMonitor::reset(std::optional<double> accuracy) {
  right_.clear();
  prior_ = accuracy;
  watch_anew(accuracy);
}

/// From the labels that are remembered.
void AccuracyMonitor::watch_anew(std::optional<double> accuracy) {
  page_hinkley_ = drift::PageHinkley(quick(), accuracy ? 1 - *accuracy : 0, accuracy ? kMeasuredWeight : 0);
  adwin_ = drift::Adwin(patient());
  fall_.reset();
  for (const bool right : right_) {
    page_hinkley_.add(right ? 0 : 1);
    adwin_.add(right ? 0 : 1);
  }
}

}  // namespace ekya::learner
