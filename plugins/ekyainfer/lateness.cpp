// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/lateness.h"

namespace ekya::gst::infer {

void Lateness::hear(GstEvent* qos) {
  gdouble proportion = 1;
  GstClockTimeDiff diff = 0;
  GstClockTime timestamp = GST_CLOCK_TIME_NONE;
  gst_event_parse_qos(qos, nullptr, &proportion, &diff, &timestamp);
  proportion_ = proportion;
  if (!GST_CLOCK_TIME_IS_VALID(timestamp)) return reset();
  // As GstBaseTransform reckons: behind by `diff`, the sink is in time again after twice that.
  const GstClockTimeDiff ahead = diff > 0 ? 2 * diff : diff;
  const bool before_start = ahead < 0 && static_cast<GstClockTime>(-ahead) > timestamp;
  earliest_ = before_start ? 0 : timestamp + static_cast<GstClockTime>(ahead);
}

}  // namespace ekya::gst::infer
