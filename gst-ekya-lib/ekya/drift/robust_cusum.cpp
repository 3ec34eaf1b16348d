// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/robust_cusum.h"

#include <algorithm>
#include <cmath>

namespace ekya::drift {
namespace {

constexpr double kOutlier = 3;         // Deviations; what is beyond counts as this.
constexpr double kNormalMad = 1.4826;  // Deviation of a normal distribution over its median absolute deviation.
constexpr double kMostCorrelation = 0.95;
constexpr double kLocal = 60;  // Values; the spread is around their mean, else a slow drift would count as spread.

double median(std::array<double, RobustCusum::kMostWarmUp> values, int count) {
  const auto middle = values.begin() + count / 2;
  std::nth_element(values.begin(), middle, values.begin() + count);
  return *middle;
}

}  // namespace

bool RobustCusum::add(double value) {
  if (is_learning()) {
    first_[static_cast<std::size_t>(count_++)] = value;
    if (!is_learning()) learn_first();
    return false;
  }
  const double shift = std::clamp((value - mean_) / deviation(), -options_.clip, options_.clip);
  up_ = std::max(0.0, up_ + shift - options_.allowance);
  down_ = options_.only_up ? 0 : std::max(0.0, down_ - shift - options_.allowance);
  follow(value);
  return level() > 1;
}

double RobustCusum::level() const { return std::max(up_, down_) / options_.threshold; }

void RobustCusum::learn_first() {
  mean_ = local_ = median(first_, count_);
  last_ = 0;
  if (weight_ > 0) return;
  weight_ = count_;
  std::array<double, kMostWarmUp> off{};
  for (int i = 0; i < count_; ++i)
    off[static_cast<std::size_t>(i)] = std::abs(first_[static_cast<std::size_t>(i)] - mean_);
  const double spread = kNormalMad * median(off, count_);
  variance_ = spread * spread;
  double products = 0;
  for (int i = 0; i < count_; ++i) {
    const double residual =
        std::clamp(first_[static_cast<std::size_t>(i)] - mean_, -kOutlier * spread, kOutlier * spread);
    products += residual * last_;
    last_ = residual;
  }
  covariance_ = products / count_;
}

void RobustCusum::follow(double value) {
  const double most = std::max(kOutlier * std::sqrt(variance_), options_.usual_deviation);
  const double residual = std::clamp(value - local_, -most, most);
  weight_ = std::min(options_.memory, weight_ + 1);
  const double rate = 1 / weight_;
  variance_ += rate * (residual * residual - variance_);
  covariance_ += rate * (residual * last_ - covariance_);
  local_ += residual / kLocal;
  mean_ += std::clamp(value - mean_, -most, most) / options_.memory;
  last_ = residual;
}

double RobustCusum::deviation() const {
  const double seen = variance_ > 0 ? covariance_ / variance_ : 0;
  // Few values look less alike than they are. Source: Marriott, Pope, Biometrika 41, 1954.
  const double correlation = std::clamp(seen + (1 + 4 * seen) / weight_, 0.0, kMostCorrelation);
  const double long_run = variance_ * (1 + correlation) / (1 - correlation);
  const double usual = options_.usual_deviation * options_.usual_deviation;
  return std::sqrt((weight_ * long_run + options_.usual_weight * usual) / (weight_ + options_.usual_weight));
}

}  // namespace ekya::drift
