// SPDX-License-Identifier: LGPL-2.1-or-later
// The streaming thread: samples frames, puts them and the serialized events into the queue, never waits.
#include <algorithm>

#include "ekyalabel/attached.h"
#include "ekyalabel/labeller.h"
#include "glue/frame_view.h"

namespace ekya::gst::label {
namespace {

// sampling=doubtful: a student that is less sure of a region than this is unsure.
constexpr double kUnsure = 0.7;
// sampling=changed: mean difference, of 255, that noise does not reach.
constexpr double kChange = 6;
// Buffers that upstream's pool needs beside the queue: one at the golden model, one in the streaming thread.
constexpr guint kBuffersInHand = 2;

bool is_serialized(const GstEvent* event) {
  return gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_SERIALIZED;
}

Seconds frame_time(const GstBuffer* buffer) {
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) return steady_now();
  return Seconds{static_cast<double>(GST_BUFFER_PTS(buffer)) / GST_SECOND};
}

}  // namespace

GstFlowReturn Labeller::chain(MiniPtr<GstBuffer> buffer) {
  ++counters_.frames_in;
  if (const GstFlowReturn flow = flow_; flow != GST_FLOW_OK) return flow;
  if (!info_) return GST_FLOW_NOT_NEGOTIATED;
  const GstClockTime pts = GST_BUFFER_PTS(buffer.get()), duration = GST_BUFFER_DURATION(buffer.get());
  if (wants(buffer.get())) {
    ++counters_.sampled;
    counters_.dropped += queue_.push(Frame{std::move(buffer), info_, 0});
  } else if (needs_gap_ && GST_CLOCK_TIME_IS_VALID(pts)) {
    // A sink behind must preroll though no frame may come for long.
    queue_.push(MiniPtr<GstEvent>(gst_event_new_gap(pts, duration)));
  }
  needs_gap_ = false;
  return GST_FLOW_OK;
}

bool Labeller::wants(GstBuffer* buffer) {
  double rate = 0, budget = 0;
  gint sampling = kSamplingUniform;
  bool follows_drift = true;
  with_settings([&](const Settings& s) {
    rate = s.sample_rate, budget = s.label_budget, sampling = s.sampling, follows_drift = s.drift_detection;
  });
  const Seconds at = frame_time(buffer);
  rate *= drift_factor(at, follows_drift);
  if (share_) {
    counters_.share = share_->granted();
    rate = share_->allowed_rate(rate);
  }
  if (!budget_.has_room(at, budget, counters_.labels)) return false;
  if (sampling == kSamplingDoubtful)
    return sampler_.wants(at, rate, [&] { return least_confidence(buffer) < kUnsure; });
  if (sampling == kSamplingChanged) return sampler_.wants(at, rate, [&] { return has_changed(buffer); });
  return sampler_.wants(at, rate, nullptr);
}

double Labeller::drift_factor(Seconds at, bool is_on) {
  const double heard = drift_->label_factor(at);
  counters_.drift_alarms = drift_->alarms();
  counters_.rate_factor = is_on ? heard : 1;
  return counters_.rate_factor;
}

bool Labeller::has_changed(GstBuffer* buffer) {
  const auto view = FrameView::map(buffer, *info_);
  if (!view) return true;  // the golden model's thread will say why
  const device::Thumbnail points = device::take_thumbnail(view->image());
  if (thumbnail_ && device::difference(*thumbnail_, points) < kChange) return false;
  thumbnail_ = points;
  return true;
}

bool Labeller::sink_event(MiniPtr<GstEvent> event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      flush(std::move(event));
      return true;
    case GST_EVENT_FLUSH_STOP:
      gst_pad_push_event(src_, event.release());
      needs_gap_ = true;
      reopen_queue();
      return true;
    case GST_EVENT_CAPS:
      return accept_caps(event.get()) && queue_event(std::move(event));
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT:
      needs_gap_ = true;
      if (flow_ == GST_FLOW_EOS) reopen_queue();
      return queue_event(std::move(event));
    default:
      if (is_serialized(event.get())) return queue_event(std::move(event));
      return gst_pad_event_default(sink_, GST_OBJECT(element_), event.release());
  }
}

bool Labeller::accept_caps(GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) {
    GST_WARNING_OBJECT(element_, "caps %" GST_PTR_FORMAT " are no raw video", caps);
    return false;
  }
  info_ = std::make_shared<const GstVideoInfo>(info);
  thumbnail_.reset();
  return true;
}

bool Labeller::queue_event(MiniPtr<GstEvent> event) {
  if (const GstFlowReturn flow = flow_; flow != GST_FLOW_OK) {
    // The queue is closed. Sticky events are needed when things go on.
    const bool is_sticky = gst_event_type_get_flags(GST_EVENT_TYPE(event.get())) & GST_EVENT_TYPE_STICKY;
    if (flow == GST_FLOW_FLUSHING || !is_sticky) return false;
    return gst_pad_store_sticky_event(src_, event.get()) == GST_FLOW_OK;
  }
  queue_.push(std::move(event));
  if (worker_) worker_->wake();
  return true;
}

void Labeller::flush(MiniPtr<GstEvent> flush_start) {
  gst_pad_push_event(src_, flush_start.release());
  flow_ = GST_FLOW_FLUSHING;
  close_queue();
  queue_.wait_for_task();
}

void Labeller::close_queue() {
  const auto flushed = queue_.close();
  counters_.dropped += flushed.frames;
  for (const auto& event : flushed.sticky) gst_pad_store_sticky_event(src_, event.get());
  if (worker_) worker_->wake();
}

void Labeller::reopen_queue() {
  queue_.open(max_queue_);
  flow_ = GST_FLOW_OK;
}

bool Labeller::sink_query(GstQuery* query) {
  if (scheduler_.answer(query)) return true;
  if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION) {
    answer_allocation(query);
    return true;
  }
  // A serialized query would have to wait for the frames in front of it.
  if (gst_query_type_get_flags(GST_QUERY_TYPE(query)) & GST_QUERY_TYPE_SERIALIZED) return false;
  return gst_pad_query_default(sink_, GST_OBJECT(element_), query);
}

void Labeller::answer_allocation(GstQuery* query) {
  GstCaps* caps = nullptr;
  gst_query_parse_allocation(query, &caps, nullptr);
  GstVideoInfo info;
  guint size = 0;
  if (caps && gst_video_info_from_caps(&info, caps)) size = static_cast<guint>(GST_VIDEO_INFO_SIZE(&info));
  // Frames wait here by reference: a pool without some to spare would starve upstream.
  gst_query_add_allocation_pool(query, nullptr, size, static_cast<guint>(max_queue_) + kBuffersInHand, 0);
  gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
  gst_query_add_allocation_meta(query, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE, nullptr);
}

bool Labeller::src_event(MiniPtr<GstEvent> event) {
  // Linked anew: what failed for want of a peer may go on.
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_RECONFIGURE && flow_ == GST_FLOW_NOT_LINKED) reopen_queue();
  return gst_pad_event_default(src_, GST_OBJECT(element_), event.release());
}

bool Labeller::src_query(GstQuery* query) {
  if (scheduler_.answer(query)) return true;
  return gst_pad_query_default(src_, GST_OBJECT(element_), query);
}

bool Labeller::activate_src(bool active) {
  if (active) {
    queue_.set_ended(false);
    reopen_queue();
    return gst_pad_start_task(
        src_, [](gpointer self) { static_cast<Labeller*>(self)->loop(); }, this, nullptr);
  }
  flow_ = GST_FLOW_FLUSHING;
  if (share_) share_->interrupt();
  queue_.set_ended(true);
  close_queue();
  return gst_pad_stop_task(src_);
}

}  // namespace ekya::gst::label
