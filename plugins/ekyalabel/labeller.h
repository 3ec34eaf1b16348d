// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <atomic>
#include <memory>
#include <optional>

#include "ekya/base/mutex.h"
#include "ekya/device/thumbnail.h"
#include "ekyalabel/counters.h"
#include "ekyalabel/drift_response.h"
#include "ekyalabel/frame_queue.h"
#include "ekyalabel/golden.h"
#include "ekyalabel/sampler.h"
#include "ekyalabel/settings.h"
#include "ekyalabel/share.h"
#include "ekyalabel/worker.h"
#include "glue/notice.h"
#include "glue/scheduler_place.h"

// Of all files of the element.
GST_DEBUG_CATEGORY_EXTERN(ekya_label_debug);
#define GST_CAT_DEFAULT ekya_label_debug

namespace ekya::gst::label {

/// The element. Three threads: upstream's streaming thread samples and never waits; the source pad's task takes frames
/// and events in order, waits for labels and pushes; the worker runs the golden model and may be left behind if that
/// never returns. Life cycle in labeller.cpp, the streaming thread in labeller_input.cpp, the task in
/// labeller_task.cpp.
class Labeller {
 public:
  /// Leaving a golden model that hangs takes so long.
  static constexpr std::chrono::seconds kLongestStop{2};

  explicit Labeller(GstElement* element) : element_(element), scheduler_(element) {}
  Labeller(const Labeller&) = delete;
  Labeller& operator=(const Labeller&) = delete;
  void set_pads(GstPad* sink, GstPad* src) { sink_ = sink, src_ = src; }

  template <typename Use>
  auto with_settings(const Use& use) {
    MutexLock lock(settings_mutex_);
    return use(settings_);
  }
  StructurePtr stats() const { return counters_.stats(); }

  // State changes. Failures have posted one error.
  bool open();
  bool start();
  void stop();
  SchedulerPlace& scheduler() { return scheduler_; }

  // The streaming thread.
  GstFlowReturn chain(MiniPtr<GstBuffer> buffer);
  bool sink_event(MiniPtr<GstEvent> event);
  bool sink_query(GstQuery* query);

  // The source pad.
  bool src_event(MiniPtr<GstEvent> event);
  bool src_query(GstQuery* query);
  bool activate_src(bool active);
  void loop();

 private:
  Settings settings() EKYA_EXCLUDES(settings_mutex_);
  Status join(const Settings& settings);
  void close_queue();
  void reopen_queue();

  bool wants(GstBuffer* buffer);
  double drift_factor(Seconds at, bool is_on);
  bool has_changed(GstBuffer* buffer);
  bool accept_caps(GstEvent* event);
  bool queue_event(MiniPtr<GstEvent> event);
  void flush(MiniPtr<GstEvent> flush_start);
  void answer_allocation(GstQuery* query);

  void rest(GstFlowReturn flow);
  void handle(Frame frame);
  std::shared_ptr<const Answer> answer_for(const Frame& frame);
  std::shared_ptr<Answer> ask_golden(const Frame& frame);
  bool await_worker(std::uint64_t epoch, bool is_working);
  void learn_from(const Answer& answer);
  void compare_with_tracks(const Frame& frame, Answer& answer);
  void count_agreement(const AgreementCounts& counts);
  MiniPtr<GstBuffer> apply(MiniPtr<GstBuffer> buffer, const GstVideoInfo& info, const Answer& answer);
  void push(MiniPtr<GstBuffer> buffer);
  void push_gap(GstClockTime pts, GstClockTime duration);
  void report();
  void refresh_request();
  void warn(const char* kind, const std::string& text);

  GstElement* const element_;
  GstPad *sink_ = nullptr, *src_ = nullptr;  // the element owns them

  Mutex settings_mutex_;
  Settings settings_ EKYA_GUARDED_BY(settings_mutex_);
  SchedulerPlace scheduler_;

  // Set in start(), while neither thread runs.
  std::shared_ptr<const Rules> rules_;
  std::shared_ptr<const Golden> golden_;  // null: labels come with the frames
  std::unique_ptr<Share> share_;          // null without a golden model
  std::unique_ptr<Worker> worker_;        // likewise
  std::unique_ptr<DriftResponse> drift_;
  bool is_full_frame_ = false;
  std::size_t max_queue_ = 1;

  // Between the threads.
  FrameQueue queue_;
  std::atomic<GstFlowReturn> flow_{GST_FLOW_FLUSHING};  // of the last push
  Counters counters_;
  Notices notices_;

  // The streaming thread's.
  std::shared_ptr<const GstVideoInfo> info_;
  Sampler sampler_;
  LabelBudget budget_;
  std::optional<device::Thumbnail> thumbnail_;  // of the last sampled frame
  bool needs_gap_ = true;                       // nothing has gone into the queue since the segment began

  // The task's.
  std::optional<TrackFilter> track_filter_;  // label-agreement=track; set in start()
  std::uint64_t tracked_epoch_ = 0;          // of the last frame that it saw
  Seconds reported_at_{0};
  guint64 reported_labels_ = 0;
};

}  // namespace ekya::gst::label
