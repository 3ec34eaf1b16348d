// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/estimator.h"

#include <algorithm>
#include <cmath>

namespace ekya::learner {
namespace {

constexpr double kLongest = 3600;       // A step or evaluation beyond an hour is a fault of the clock.
constexpr double kNewest = 0.5;         // Weight of the newest measurement.
constexpr double kBackward = 3;         // A training pass in forward passes, until steps have been timed.
constexpr double kLeastRemoved = 0.05;  // So hopeful of a config that never ran: else it would never run.
constexpr double kHope = 0.01;          // Accuracy that a config may have gained in each window it did not run ...
constexpr int kHopefulWindows = 5;      // ... up to so many.
constexpr int kLongestSuspension = 64;

bool usable(Seconds time) { return std::isfinite(time.count()) && time.count() > 0 && time.count() <= kLongest; }

double in_range(double accuracy) { return std::isfinite(accuracy) ? std::clamp(accuracy, 0.0, 1.0) : 0.0; }

void smooth(double& mean, double value) { mean = mean > 0 ? mean + kNewest * (value - mean) : value; }

}  // namespace

Estimator::Estimator(int slots) : slots_(std::max(1, slots)) {}

void Estimator::record_forward(Seconds one_crop) {
  if (usable(one_crop)) smooth(forward_s_, one_crop.count());
}

void Estimator::record_step(const TrainingConfig& config, bool first_epoch, Seconds step) {
  if (!usable(step)) return;
  // Steps come by the dozen, so they are smoothed more than other figures.
  const auto add = [](double& mean, double value) { mean = mean > 0 ? mean + 0.1 * (value - mean) : value; };
  add(records_[config.id].step_s[!first_epoch], step.count());
  add(layers(config.layers).crop_s[!first_epoch], step.count() / std::max(1, config.batch_size));
}

void Estimator::record_overhead(Seconds loading_and_evaluating) {
  if (usable(loading_and_evaluating)) smooth(overhead_s_, loading_and_evaluating.count());
}

void Estimator::record_probe(TrainedLayers which, double before, double after) {
  const double error = kCeiling - in_range(before);
  const double removed = error > 0 ? (in_range(after) - in_range(before)) / error : 0;
  layers(which).removed = std::clamp(removed, 0.0, 1.0);
  probed_ = true;
}

void Estimator::record_result(const std::string& config, double accuracy) {
  Record& record = records_[config];
  const double value = in_range(accuracy);
  record.reached = record.reached ? *record.reached + kNewest * (value - *record.reached) : value;
  record.idle_windows = 0;
  record.failures = 0;
}

void Estimator::penalise(const std::string& config) {
  Record& record = records_[config];
  record.failures = std::min(record.failures + 1, 6);
  record.suspended = std::min(1 << record.failures, kLongestSuspension);
}

void Estimator::new_window() {
  for (auto& [id, record] : records_) {
    record.idle_windows = std::min(record.idle_windows + 1, kHopefulWindows);
    record.suspended = std::max(record.suspended - 1, 0);
  }
}

Seconds Estimator::step_time(const TrainingConfig& config, bool first_epoch) const {
  const auto best_known = [first_epoch](const std::array<double, 2>& mean) {
    const double wanted = mean[!first_epoch], other = mean[first_epoch];
    return wanted > 0 ? wanted : other;
  };
  if (const auto found = records_.find(config.id); found != records_.end())
    if (const double own = best_known(found->second.step_s); own > 0) return Seconds{own};
  const double measured = best_known(layers(config.layers).crop_s);
  return Seconds{(measured > 0 ? measured : kBackward * forward_s_) * std::max(1, config.batch_size)};
}

double Estimator::device_seconds(double thread_seconds) const { return std::clamp(thread_seconds / slots_, 1e-3, 1e6); }

double Estimator::work(const TrainingConfig& config, int steps, int left) const {
  steps = std::max(1, steps);
  left = std::clamp(left, 0, steps);
  const int epochs = std::clamp(config.epochs, 1, steps), epoch = (steps + epochs - 1) / epochs;
  const int first = std::clamp(left - (steps - epoch), 0, left);
  return device_seconds(first * step_time(config, true).count() + (left - first) * step_time(config, false).count() +
                        overhead_s_);
}

double Estimator::probe_work() const {
  return device_seconds(2 * kBackward * forward_s_ * kProbeSamples + overhead_s_);
}

double Estimator::accuracy(const TrainingConfig& config, double live, int samples) const {
  live = in_range(live);
  if (live >= kCeiling) return live;
  const auto found = records_.find(config.id);
  const Record record = found == records_.end() ? Record{} : found->second;
  if (record.suspended > 0) return live;
  if (record.reached) return std::clamp(*record.reached + kHope * record.idle_windows, live, kCeiling);
  // Each doubling of the probe's training removes the same part of the error that is left.
  const double passes = config.epochs * config.fraction * std::max(1, samples) / kProbeSamples;
  const double doublings = 1 + std::log2(std::max(1.0, passes));
  const double removed = 1 - std::pow(1 - std::max(kLeastRemoved, layers(config.layers).removed), doublings);
  return std::clamp(live + (kCeiling - live) * removed, live, kCeiling);
}

double Estimator::probe_accuracy(double live) const {
  live = in_range(live);
  // What a first real job may bring: nobody knows before the probe, so half of the error that is left.
  return live >= kCeiling ? live : live + 0.5 * (kCeiling - live);
}

}  // namespace ekya::learner
