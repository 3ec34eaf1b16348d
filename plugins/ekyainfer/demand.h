// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>
#include <vector>

#include "ekya/base/clock.h"

namespace ekya::gst::infer {

/// A way to run inference that the scheduler may choose: one frame in `interval`.
struct IntervalConfig {
  guint interval = 1;
  double demand = 0;  ///< Devices that keep up with the live rate.
  double factor = 1;  ///< Accuracy relative to a result for every frame, (0, 1].
};

std::string config_id(guint interval);                    ///< "interval-3"
std::optional<guint> interval_of(const std::string& id);  ///< Empty for any other text.

/// What inference costs and what carrying results costs in accuracy, measured as the stream runs. One thread at a time.
class Demand {
 public:
  /// `slots`: hardware threads that make up the device. `seconds`: of one inference, measured when the model was warmed
  /// up.
  Demand(int slots, Seconds seconds) : slots_(slots), seconds_(seconds) {}

  /// Frames a second of the caps; 0: unknown, then it is measured from presentation times.
  void set_frame_rate(double frames_per_second);
  void add_frame(GstClockTime pts);
  /// Time that all regions of one frame took.
  void add_inference(Seconds time);
  /// `wrong`: share of the labels, carried for `age` frames, that a fresh inference contradicted.
  void add_comparison(double wrong, guint age);

  /// Intervals 1, 2, 3, 5, 10, 15 and 30, those of `least` and longer, with `least` itself.
  /// demand = seconds × rate / interval / slots, factor = max(0.05, 1 − d (interval − 1) / 2) with d the contradicted
  /// share per frame of age: results of an interval are (interval − 1) / 2 frames old on average.
  std::vector<IntervalConfig> configs(guint least) const;

  /// Whether the figures have moved so far from those of the last request (a quarter of the demand, a tenth of the
  /// factor of interval 10) that the scheduler should know, or that it gave no grant at all; at most once in five
  /// seconds.
  bool worth_asking(Seconds now, bool has_grant) const;
  void asked(Seconds now);

  double frame_rate() const { return rate_ > 0 ? rate_ : kUsualRate; }

 private:
  static constexpr double kUsualRate = 30;

  double factor(guint interval) const;
  double demand(guint interval) const;

  const int slots_;
  Seconds seconds_;
  bool measured_ = false;       ///< seconds_ comes from live frames.
  double contradicted_ = 0.01;  ///< Per frame of age; a guess until the first comparison.
  bool compared_ = false;
  bool rate_is_given_ = false;
  double rate_ = 0;  ///< Frames a second; 0: unknown.
  GstClockTime last_pts_ = GST_CLOCK_TIME_NONE;
  Seconds asked_at_{0};
  double asked_demand_ = 0, asked_factor_ = 1;
};

}  // namespace ekya::gst::infer
