// SPDX-License-Identifier: LGPL-2.1-or-later
// The source pad's task: frames and events in their order, each frame with its labels.
#include <gst/ekya/gstekyameta.h>

#include <algorithm>
#include <utility>

#include "ekyalabel/attached.h"
#include "ekyalabel/labeller.h"
#include "glue/frame_view.h"
#include "glue/guarded.h"
#include "glue/regions.h"

namespace ekya::gst::label {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Seconds kReportInterval{1};

std::vector<device::Rect> rects_of(GstBuffer* buffer, const GstVideoInfo& info, bool is_full_frame) {
  const int width = GST_VIDEO_INFO_WIDTH(&info), height = GST_VIDEO_INFO_HEIGHT(&info);
  if (is_full_frame) return {{0, 0, width, height}};
  std::vector<device::Rect> rects;
  for (const Region& region : object_regions(buffer, width, height)) rects.push_back(region.rect);
  return rects;
}

GstVideoRegionOfInterestMeta* ensure_frame_region(GstBuffer* buffer, const GstVideoInfo& info) {
  if (auto* region = frame_region(buffer)) return region;
  return gst_buffer_add_video_region_of_interest_meta(buffer, GST_EKYA_ROI_FRAME, 0, 0,
                                                      static_cast<guint>(GST_VIDEO_INFO_WIDTH(&info)),
                                                      static_cast<guint>(GST_VIDEO_INFO_HEIGHT(&info)));
}

// Runs in the worker, perhaps long after the element is gone: everything is by value or shared.
struct GoldenJob {
  std::shared_ptr<const Golden> golden;
  std::shared_ptr<const Rules> rules;
  std::shared_ptr<const GstVideoInfo> info;
  std::shared_ptr<GstBuffer> buffer;
  std::vector<device::Rect> rects;
  Turn turn;
  std::shared_ptr<Answer> answer;

  void operator()() const {
    try {
      const auto view = FrameView::map(buffer.get(), *info);
      if (view) {
        *answer = golden->label(view->image(), rects, *rules, turn);
        return;
      }
      answer->problem = view.error().message;
    } catch (const std::exception& e) {
      *answer = {};
      answer->problem = e.what();
    }
    answer->invalid = 1;
  }
};

Answer attached_labels(GstBuffer* buffer, const GstVideoInfo& info, const Rules& rules, bool is_full_frame) {
  Answer answer;
  if (is_full_frame) {
    const auto* region = frame_region(buffer);
    answer.labels.push_back(region ? attached_label(*region, rules) : std::nullopt);
    return answer;
  }
  for (const Region& region : object_regions(buffer, GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info)))
    answer.labels.push_back(attached_label(*region.meta, rules));
  return answer;
}

bool has_labels(const Answer& answer) {
  const auto is_labelled = [](const std::optional<Label>& label) { return label.has_value(); };
  return !answer.added.empty() || std::any_of(answer.labels.begin(), answer.labels.end(), is_labelled);
}

}  // namespace

void Labeller::loop() {
  auto item = queue_.pop();
  if (!item) {
    gst_pad_pause_task(src_);
    return;
  }
  const bool is_whole = guarded(element_, false, [&] {
    if (auto* event = std::get_if<MiniPtr<GstEvent>>(&*item)) {
      gst_pad_push_event(src_, event->release());
    } else {
      handle(std::move(std::get<Frame>(*item)));
    }
    return true;
  });
  if (!is_whole) rest(GST_FLOW_ERROR);
}

// Nothing more passes until the flow is reset. The queue is closed first: who sees the flow may reopen it.
void Labeller::rest(GstFlowReturn flow) {
  close_queue();
  GstFlowReturn expected = GST_FLOW_OK;  // a flush that came meanwhile has set it already
  flow_.compare_exchange_strong(expected, flow);
}

void Labeller::handle(Frame frame) {
  const bool came_late = queue_.is_stale(frame.epoch);
  const auto answer = came_late ? nullptr : answer_for(frame);
  const bool is_stale = queue_.is_stale(frame.epoch);
  if (answer && !is_stale && has_labels(*answer)) {
    push(apply(std::move(frame.buffer), *frame.info, *answer));
    return;
  }
  const bool is_lost = !answer || is_stale || answer->is_refused || answer->invalid > 0;
  ++(is_lost ? counters_.dropped : counters_.unlabelled);
  if (!is_stale) push_gap(GST_BUFFER_PTS(frame.buffer.get()), GST_BUFFER_DURATION(frame.buffer.get()));
}

// Null where the frame was given up.
std::shared_ptr<const Answer> Labeller::answer_for(const Frame& frame) {
  auto answer =
      golden_ ? ask_golden(frame)
              : std::make_shared<Answer>(attached_labels(frame.buffer.get(), *frame.info, *rules_, is_full_frame_));
  if (!answer) return nullptr;
  if (golden_) learn_from(*answer);
  if (rules_->compare_mirrored) count_agreement(answer->mirrored);
  if (track_filter_) compare_with_tracks(frame, *answer);
  return answer;
}

std::shared_ptr<Answer> Labeller::ask_golden(const Frame& frame) {
  // A frame that was given up earlier may still keep the worker busy.
  if (!await_worker(frame.epoch, false)) return nullptr;
  auto rects = rects_of(frame.buffer.get(), *frame.info, is_full_frame_);
  auto answer = std::make_shared<Answer>();
  const std::shared_ptr<GstBuffer> buffer(gst_buffer_ref(frame.buffer.get()), gst_buffer_unref);
  worker_->start(GoldenJob{golden_, rules_, frame.info, buffer, std::move(rects), share_->turn(), answer});
  if (!await_worker(frame.epoch, true)) return nullptr;
  return answer;
}

// Waits until the worker is idle; false where the frame is not worth more waiting. A frame at the golden model may
// have its stall-timeout even at EOS.
bool Labeller::await_worker(std::uint64_t epoch, bool is_working) {
  const double timeout = with_settings([](const Settings& s) { return s.stall_timeout; });
  const auto stalls_at = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds{timeout});
  const auto patience = is_working ? stalls_at : Clock::time_point::min();
  const auto give_up = [&] { return queue_.should_give_up(epoch, patience); };
  bool is_stalled = false;
  while (true) {
    const auto drained = std::max(queue_.drain_deadline(), patience);
    const auto until = is_stalled ? drained : std::min(stalls_at, drained);
    const auto end = worker_->wait(give_up, std::min(until, Clock::now() + std::chrono::hours(1)));
    if (end != Worker::End::kNotYet) return end == Worker::End::kDone;
    if (is_stalled || Clock::now() < stalls_at) continue;
    is_stalled = true;
    ++counters_.stalled;
    warn("labeller-stalled", "the golden model has not finished one frame within stall-timeout=" +
                                 std::to_string(timeout) + " s; frames are dropped meanwhile, use a smaller model");
  }
}

void Labeller::learn_from(const Answer& answer) {
  if (answer.invalid > 0) {
    counters_.invalid += answer.invalid;
    warn("golden-failed", "the golden model's answer is of no use, its labels are dropped: " + answer.problem);
  }
  if (answer.seconds <= 0 || answer.is_refused) return;
  share_->measured(answer.seconds);
  counters_.golden_ms = share_->golden_seconds() * 1e3;
  refresh_request();
}

void Labeller::compare_with_tracks(const Frame& frame, Answer& answer) {
  if (std::exchange(tracked_epoch_, frame.epoch) != frame.epoch) track_filter_->reset();
  const auto regions = rects_of(frame.buffer.get(), *frame.info, is_full_frame_);
  std::vector<device::Rect> rects;
  std::vector<Label*> labels;
  for (std::size_t i = 0; i < std::min(regions.size(), answer.labels.size()); ++i) {
    if (!answer.labels[i]) continue;
    rects.push_back(regions[i]);
    labels.push_back(&*answer.labels[i]);
  }
  for (auto& [rect, label] : answer.added) {
    rects.push_back(rect);
    labels.push_back(&label);
  }
  std::vector<std::string> names;
  for (const Label* label : labels) names.push_back(label->label);
  const std::vector<bool> doubted = track_filter_->add(rects, names);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i]->is_doubtful = labels[i]->is_doubtful || doubted[i];
  count_agreement(track_filter_->counts());
}

void Labeller::count_agreement(const AgreementCounts& counts) {
  counters_.compared += counts.tested;
  counters_.differed += counts.differed;
  const int classes = golden_ ? static_cast<int>(golden_->labels().size()) : 2;
  const AgreementCounts all{static_cast<unsigned>(counters_.compared), static_cast<unsigned>(counters_.differed)};
  counters_.noise = label_noise(all, classes);
}

void Labeller::refresh_request() {
  const double factor = counters_.rate_factor;
  const double rate = factor * with_settings([](const Settings& s) { return s.sample_rate; });
  if (!share_->is_out_of_date(rate, steady_now())) return;
  // With drift the scheduler does not wait for the next window.
  if (const auto asked = share_->request(factor > 1 ? "drift" : "update", rate); !asked)
    warn("share-refused", asked.error().message);
}

// The buffer of a tee is shared: making it writable copies its metas and shares its memory.
MiniPtr<GstBuffer> Labeller::apply(MiniPtr<GstBuffer> shared, const GstVideoInfo& info, const Answer& answer) {
  MiniPtr<GstBuffer> buffer(gst_buffer_make_writable(shared.release()));
  const char* source = golden_ ? "golden" : "metadata";
  const auto put = [&](GstVideoRegionOfInterestMeta* region, const Label& label) {
    attach(region, label, source);
    ++counters_.labels;
    if (label.is_doubtful) ++counters_.doubtful;
  };
  if (is_full_frame_) {
    put(ensure_frame_region(buffer.get(), info), *answer.labels.front());
    return buffer;
  }
  const auto regions = object_regions(buffer.get(), GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info));
  for (std::size_t i = 0; i < std::min(regions.size(), answer.labels.size()); ++i)
    if (answer.labels[i]) put(regions[i].meta, *answer.labels[i]);
  for (const auto& [rect, label] : answer.added) {
    put(gst_buffer_add_video_region_of_interest_meta(buffer.get(), label.label.c_str(), static_cast<guint>(rect.x),
                                                     static_cast<guint>(rect.y), static_cast<guint>(rect.width),
                                                     static_cast<guint>(rect.height)),
        label);
  }
  return buffer;
}

void Labeller::push(MiniPtr<GstBuffer> buffer) {
  ++counters_.labelled;
  report();
  const GstFlowReturn flow = gst_pad_push(src_, buffer.release());
  if (flow != GST_FLOW_OK) rest(flow);
}

void Labeller::push_gap(GstClockTime pts, GstClockTime duration) {
  if (GST_CLOCK_TIME_IS_VALID(pts)) gst_pad_push_event(src_, gst_event_new_gap(pts, duration));
}

void Labeller::report() {
  const Seconds now = steady_now();
  if (now - reported_at_ < kReportInterval) return;
  const guint64 labels = counters_.labels;
  const double seconds = reported_at_ > Seconds{0} ? (now - reported_at_).count() : 0;
  const double rate = seconds > 0 ? static_cast<double>(labels - reported_labels_) / seconds : 0;
  const std::string stream = with_settings([](const Settings& s) { return s.stream_id; });
  reported_at_ = now;
  reported_labels_ = labels;
  GstStructure* message =
      gst_structure_new("ekya-label", "stream-id", G_TYPE_STRING, stream.c_str(), "frames", G_TYPE_UINT64,
                        counters_.labelled.load(), "labels", G_TYPE_UINT64, labels, "doubtful", G_TYPE_UINT64,
                        counters_.doubtful.load(), "dropped", G_TYPE_UINT64, counters_.dropped.load(), "rate",
                        G_TYPE_DOUBLE, rate, "golden-ms", G_TYPE_DOUBLE, counters_.golden_ms.load(), nullptr);
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), message));
}

}  // namespace ekya::gst::label
