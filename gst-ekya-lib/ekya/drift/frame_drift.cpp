// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/frame_drift.h"

#include <algorithm>
#include <cmath>

namespace ekya::drift {
namespace {

/// `usual`: deviation of a signal while nothing is known of the camera.
RobustCusumOptions scalar(double usual) {
  RobustCusumOptions options;
  options.usual_deviation = usual;
  options.threshold = 20;  // Four signals, each half a second.
  return options;
}

RobustCusumOptions class_distance(int warm_up) {
  RobustCusumOptions options;
  options.usual_deviation = 0.1;
  options.usual_weight = 2 * warm_up;
  options.warm_up = warm_up;
  options.memory = 60;
  options.threshold = 8;
  options.only_up = true;
  return options;
}

template <typename Histogram>
double hellinger(const Histogram& a, const Histogram& b) {
  double overlap = 0;
  for (std::size_t i = 0; i < a.size(); ++i) overlap += std::sqrt(std::max(0.0, a[i] * b[i]));
  return std::sqrt(std::max(0.0, 1 - overlap));
}

}  // namespace

const char* to_string(Signal signal) {
  switch (signal) {
    case Signal::kConfidence:
      return "confidence";
    case Signal::kBrightness:
      return "brightness";
    case Signal::kContrast:
      return "contrast";
    case Signal::kSharpness:
      return "sharpness";
    case Signal::kClasses:
      break;
  }
  return "classes";
}

FrameDrift::FrameDrift()
    : scalars_{RobustCusum(scalar(0.15)), RobustCusum(scalar(0.04)), RobustCusum(scalar(0.03)),
               RobustCusum(scalar(0.4))},
      classes_(class_distance(kClassWarmUp)) {}

std::optional<FrameAlarm> FrameDrift::add(Seconds at, const FrameSignals& signals) {
  std::optional<FrameAlarm> alarm;
  if (block_.begin && at < *block_.begin) block_ = {};
  if (block_.begin && at - *block_.begin >= kBlock) alarm = close_block();
  if (!block_.begin) block_.begin = at;
  collect(signals);
  return alarm;
}

void FrameDrift::collect(const FrameSignals& signals) {
  const auto take = [&](Signal signal, double value) {
    if (!std::isfinite(value)) return;
    Mean& mean = block_.means[static_cast<std::size_t>(signal)];
    mean.sum += value;
    ++mean.count;
  };
  if (signals.confidence) take(Signal::kConfidence, *signals.confidence);
  if (signals.look) {
    take(Signal::kBrightness, signals.look->brightness);
    take(Signal::kContrast, signals.look->contrast);
    take(Signal::kSharpness, signals.look->sharpness);
  }
  for (const int label : signals.classes) ++counts_[static_cast<std::size_t>(std::max(0, label)) % kClasses];
}

std::optional<FrameAlarm> FrameDrift::close_block() {
  std::optional<FrameAlarm> alarm;
  double highest = 0;
  for (std::size_t i = 0; i < kScalars; ++i) {
    const Mean& mean = block_.means[i];
    if (mean.count == 0) continue;
    const double value = mean.sum / mean.count, reference = scalars_[i].reference();
    if (!scalars_[i].add(value) || scalars_[i].level() <= highest) continue;
    highest = scalars_[i].level();
    alarm = FrameAlarm{static_cast<Signal>(i), value, reference};
  }
  block_ = {};
  if (++blocks_counted_ >= kClassBlocks) {
    const auto classes = close_classes();
    if (!alarm) alarm = classes;
  }
  if (alarm) relearn();
  return alarm;
}

std::optional<FrameAlarm> FrameDrift::close_classes() {
  double total = 0;
  for (const double count : counts_) total += count;
  Histogram now = counts_;
  counts_ = {};
  blocks_counted_ = 0;
  if (total <= 0) return std::nullopt;
  for (double& part : now) part /= total;
  if (known_ == kClassWarmUp) return compare_classes(now);
  first_[known_++] = now;
  for (std::size_t i = 0; i < kClasses; ++i) usual_[i] += now[i] / kClassWarmUp;
  if (known_ < kClassWarmUp) return std::nullopt;
  for (const Histogram& one : first_) {  // Each against the others, else they would look too much alike.
    Histogram others = usual_;
    for (std::size_t i = 0; i < kClasses; ++i) others[i] = (others[i] * kClassWarmUp - one[i]) / (kClassWarmUp - 1);
    classes_.add(hellinger(one, others));
  }
  return std::nullopt;
}

std::optional<FrameAlarm> FrameDrift::compare_classes(const Histogram& now) {
  constexpr double kRate = 1.0 / 60;  // Ten minutes, as the other references.
  const double distance = hellinger(now, usual_), reference = classes_.reference();
  const bool has_left = classes_.add(distance);
  for (std::size_t i = 0; i < kClasses; ++i) usual_[i] += kRate * (now[i] - usual_[i]);
  if (!has_left) return std::nullopt;
  return FrameAlarm{Signal::kClasses, distance, reference};
}

void FrameDrift::model_changed() {
  scalars_[static_cast<std::size_t>(Signal::kConfidence)].relearn();
  block_.means[static_cast<std::size_t>(Signal::kConfidence)] = {};
  forget_classes();
}

void FrameDrift::forget_classes() {
  classes_.relearn();
  counts_ = usual_ = {};
  blocks_counted_ = 0;
  known_ = 0;
}

void FrameDrift::relearn() {
  for (RobustCusum& scalar : scalars_) scalar.relearn();
  forget_classes();
}

}  // namespace ekya::drift
