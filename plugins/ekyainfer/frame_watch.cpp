// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/frame_watch.h"

#include "glue/frame_view.h"

namespace ekya::gst::infer {

std::optional<drift::FrameAlarm> FrameWatch::see(GstBuffer* buffer, const GstVideoInfo& info, const Findings& fresh) {
  follow_model(fresh);
  const auto view = FrameView::map(buffer, info);
  if (!view) return std::nullopt;
  drift::FrameSignals signals;
  signals.look = drift::look_at(view->image());
  double confidence = 0;
  classes_.clear();
  for (const Finding& finding : fresh.items) {
    confidence += finding.confidence;
    classes_.push_back(finding.label_id);
  }
  if (!classes_.empty()) signals.confidence = confidence / static_cast<double>(classes_.size());
  signals.classes = classes_;
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  const Seconds at = GST_CLOCK_TIME_IS_VALID(pts) ? Seconds{static_cast<double>(pts) / GST_SECOND} : steady_now();
  return drift_.add(at, signals);
}

void FrameWatch::follow_model(const Findings& fresh) {
  if (fresh.generation == generation_ && fresh.model_name == model_name_) return;
  generation_ = fresh.generation;
  model_name_ = fresh.model_name;
  drift_.model_changed();
}

}  // namespace ekya::gst::infer
