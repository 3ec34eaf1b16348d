// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "ekyainfer/counters.h"
#include "ekyainfer/frame_loop.h"
#include "ekyainfer/gstekyainfer.h"
#include "ekyainfer/lateness.h"
#include "glue/notice.h"
#include "glue/scheduler_place.h"

namespace ekya::gst::infer {

/// The element: what its state changes, events and frames do. Properties and vfuncs are in gstekyainfer.cpp.
class Infer {
 public:
  explicit Infer(GstEkyaInfer* element);
  Infer(const Infer&) = delete;
  Infer& operator=(const Infer&) = delete;

  Settings settings() const;
  /// Runs `change` on the settings. A changed model file is loaded aside where the element runs.
  template <typename Change>
  void change_settings(bool is_model_file, Change&& change) {
    std::string model_file;
    {
      MutexLock lock(mutex_);
      change(settings_);
      if (is_model_file) model_file = settings_.model_file;
    }
    if (is_model_file) load_aside(model_file);
  }
  StructurePtr stats() const;

  bool to_ready();
  bool start();
  void stop();

  bool set_info(const GstVideoInfo& info);
  GstFlowReturn transform(GstBuffer* buffer);
  void flush() { forget_ = true; }
  void hear_qos(GstEvent* event) { lateness_.hear(event); }

  SchedulerPlace& scheduler() { return scheduler_; }

 private:
  void fail(const Error& error);
  void warn(const char* kind, const std::string& text);
  void report(const Swap& swap);
  void load_aside(const std::string& model_file);
  void listen_for_checkpoints(const Settings& settings);
  void report(const drift::FrameAlarm& alarm, const std::string& stream_id);
  void count(const Outcome& outcome, const Settings& settings);
  void post_qos(GstBuffer* buffer, GstClockTime running_time);
  GstElement* gst_element() const { return GST_ELEMENT(element_); }

  GstEkyaInfer* const element_;

  mutable Mutex mutex_;
  Settings settings_ EKYA_GUARDED_BY(mutex_);

  mutable Mutex counters_mutex_;
  Counters counters_ EKYA_GUARDED_BY(counters_mutex_);

  SchedulerPlace scheduler_;

  Notices notices_;
  Published<const LiveModel> live_;
  Published<LoaderInbox> inbox_;  ///< While the element runs.

  // From start() to stop():
  ObjectPtr<GstEkyaScheduler> running_scheduler_;
  gulong checkpoint_handler_ = 0;
  std::unique_ptr<ModelLoader> loader_;
  std::unique_ptr<Share> share_;
  std::unique_ptr<FrameLoop> loop_;
  bool joined_ = false;
  std::atomic<bool> forget_{false};
  Lateness lateness_;
  Seconds qos_posted_{0};
};

}  // namespace ekya::gst::infer
