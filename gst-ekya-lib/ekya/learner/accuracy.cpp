// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/accuracy.h"

#include <algorithm>
#include <cmath>

namespace ekya::learner {
namespace {

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

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
  if (right_.size() > kShort + kLong) right_.pop_front();
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
  if (right_.size() < kShort) return std::nullopt;
  const auto split = right_.end() - kShort;
  const double now = ratio(static_cast<double>(std::count(split, right_.end(), true)), kShort);
  const double old_count = static_cast<double>(split - right_.begin());
  const double old_right = static_cast<double>(std::count(right_.begin(), split, true));
  const double prior_count = prior_ ? kPriorWeight : 0;
  if (old_count + prior_count < kFewest) return std::nullopt;
  const double before = (old_right + prior_count * prior_.value_or(0)) / (old_count + prior_count);
  const double pooled = (before * (old_count + prior_count) + now * kShort) / (old_count + prior_count + kShort);
  const double error = std::sqrt(pooled * (1 - pooled) * (1 / (old_count + prior_count) + 1.0 / kShort));
  if (before - now <= std::max(kFall, 2 * error)) return std::nullopt;
  right_.erase(right_.begin(), split);
  prior_.reset();
  return Drift{now, before};
}

void AccuracyMonitor::reset(std::optional<double> accuracy) {
  right_.clear();
  prior_ = accuracy;
}

}  // namespace ekya::learner
