// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/costs.h"

#include <algorithm>
#include <cmath>

namespace ekya::profiler {
namespace {

constexpr double kLongest = 3600;      // Beyond an hour it is a fault of the clock.
constexpr double kForwardAndBack = 3;  // A training step in forward passes, until steps have been timed.

bool usable(Seconds time) { return std::isfinite(time.count()) && time.count() > 0 && time.count() <= kLongest; }

void smooth(double& mean, double value, double newest) { mean = mean > 0 ? mean + newest * (value - mean) : value; }

/// The figure itself, else its sibling: a fresh sample costs no less than another, which is all that is known.
double known(const std::array<double, 2>& pair, bool fresh) { return pair[!fresh] > 0 ? pair[!fresh] : pair[fresh]; }

}  // namespace

CostModel::CostModel(int slots) : slots_(std::max(1, slots)) {}

void CostModel::record_forward(Seconds one_sample) {
  if (usable(one_sample)) smooth(forward_s_, one_sample.count(), 0.5);
}

void CostModel::record_training(const Candidate& candidate, bool fresh, int samples, Seconds took) {
  if (!usable(took) || samples < 1) return;
  const std::size_t kind = candidate.frozen_trunk && !fresh;
  smooth(families_[candidate.family][kind], took.count() / samples, 0.1);
  smooth(layers_[candidate.frozen_trunk][kind], took.count() / samples, 0.1);
}

void CostModel::record_evaluation(const Candidate& candidate, int labels, Seconds took) {
  if (usable(took) && labels >= 1) smooth(evaluation_s_[candidate.frozen_trunk], took.count() / labels, 0.5);
}

void CostModel::record_overhead(Seconds took) {
  if (usable(took)) smooth(overhead_s_, took.count(), 0.5);
}

Seconds CostModel::sample(const Candidate& candidate, bool fresh) const {
  if (const auto own = families_.find(candidate.family); own != families_.end())
    return Seconds{known(own->second, fresh)};
  if (const double alike = known(layers_[candidate.frozen_trunk], fresh); alike > 0) return Seconds{alike};
  return Seconds{(candidate.frozen_trunk ? 1 : kForwardAndBack) * forward_s_};
}

Seconds CostModel::evaluation(const Candidate& candidate, int labels) const {
  const double measured = evaluation_s_[candidate.frozen_trunk];
  return Seconds{(measured > 0 ? measured : forward_s_) * std::max(0, labels)};
}

double CostModel::device_seconds(Seconds thread) const { return std::clamp(thread.count() / slots_, 1e-3, 1e6); }

}  // namespace ekya::profiler
