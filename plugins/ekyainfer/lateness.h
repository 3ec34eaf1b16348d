// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <atomic>

namespace ekya::gst::infer {

/// What the sink says of its lateness (QoS events), so that a frame that is late already is not made later by
/// inference. The base class's own handling would drop the frame. Events come from the sink's thread.
class Lateness {
 public:
  /// Takes a QoS event.
  void hear(GstEvent* qos);
  void reset() { earliest_ = GST_CLOCK_TIME_NONE; }

  /// Whether a frame of that running time would come too late to the sink.
  bool is_late(GstClockTime running_time) const {
    const GstClockTime earliest = earliest_;
    return GST_CLOCK_TIME_IS_VALID(running_time) && GST_CLOCK_TIME_IS_VALID(earliest) && running_time <= earliest;
  }
  double proportion() const { return proportion_; }
  GstClockTimeDiff jitter(GstClockTime running_time) const { return GST_CLOCK_DIFF(running_time, earliest_.load()); }

 private:
  std::atomic<GstClockTime> earliest_{GST_CLOCK_TIME_NONE};  ///< Running time from which on frames are in time.
  std::atomic<double> proportion_{1};
};

}  // namespace ekya::gst::infer
