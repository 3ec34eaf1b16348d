// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/demand.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ekya::gst::infer {
namespace {

constexpr guint kIntervals[] = {1, 2, 3, 5, 10, 15, 30};
constexpr char kPrefix[] = "interval-";
constexpr guint kLongestInterval = 1000;
constexpr double kNewest = 0.1;  // weight of a new measurement in a moving average

void average(double& mean, double value, bool& started) {
  mean = started ? mean + kNewest * (value - mean) : value;
  started = true;
}

}  // namespace

std::string config_id(guint interval) { return kPrefix + std::to_string(interval); }

std::optional<guint> interval_of(const std::string& id) {
  if (!id.starts_with(kPrefix)) return std::nullopt;
  guint interval = 0;
  const char* end = id.data() + id.size();
  const auto [stop, failed] = std::from_chars(id.data() + sizeof kPrefix - 1, end, interval);
  if (failed != std::errc() || stop != end || interval < 1 || interval > kLongestInterval) return std::nullopt;
  return interval;
}

void Demand::set_frame_rate(double frames_per_second) {
  rate_is_given_ = frames_per_second > 0;
  rate_ = rate_is_given_ ? frames_per_second : 0;
  last_pts_ = GST_CLOCK_TIME_NONE;
}

void Demand::add_frame(GstClockTime pts) {
  if (rate_is_given_ || !GST_CLOCK_TIME_IS_VALID(pts)) return;
  const bool forward = GST_CLOCK_TIME_IS_VALID(last_pts_) && pts > last_pts_;
  const GstClockTime step = forward ? pts - last_pts_ : 0;
  last_pts_ = pts;
  // A longer step is a pause of the source, not its rate.
  if (step == 0 || step > 2 * GST_SECOND) return;
  bool started = rate_ > 0;
  double period = started ? 1 / rate_ : 0;
  average(period, static_cast<double>(step) / GST_SECOND, started);
  rate_ = std::clamp(1 / period, 0.5, 1000.0);
}

void Demand::add_inference(Seconds time) {
  double seconds = seconds_.count();
  average(seconds, time.count(), measured_);
  seconds_ = Seconds{seconds};
}

void Demand::add_comparison(double wrong, guint age) {
  if (age == 0) return;
  average(contradicted_, wrong / age, compared_);
}

double Demand::factor(guint interval) const { return std::max(0.05, 1 - contradicted_ * (interval - 1) / 2); }

double Demand::demand(guint interval) const {
  return std::min(1.0, seconds_.count() * frame_rate() / interval / std::max(1, slots_));
}

std::vector<IntervalConfig> Demand::configs(guint least) const {
  std::vector<IntervalConfig> configs{{least, demand(least), factor(least)}};
  for (const guint interval : kIntervals)
    if (interval > least) configs.push_back({interval, demand(interval), factor(interval)});
  return configs;
}

bool Demand::worth_asking(Seconds now, bool has_grant) const {
  constexpr Seconds kOften{5};
  if (now - asked_at_ < kOften) return false;
  if (!has_grant) return true;
  return std::abs(demand(1) - asked_demand_) > 0.25 * asked_demand_ || std::abs(factor(10) - asked_factor_) > 0.1;
}

void Demand::asked(Seconds now) {
  asked_at_ = now;
  asked_demand_ = demand(1);
  asked_factor_ = factor(10);
}

}  // namespace ekya::gst::infer
