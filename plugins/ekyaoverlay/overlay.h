// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include <atomic>
#include <memory>
#include <string>

#include "ekya/base/mutex.h"
#include "ekyaoverlay/board.h"
#include "ekyaoverlay/painter.h"
#include "glue/notice.h"
#include "glue/ptr.h"

namespace ekya::gst::overlay {

struct Settings {
  std::string stream_id = "camera0";
  std::string text;
  bool show_boxes = true, show_labels = true, show_status = true;
};

/// The element behind ekyaoverlay. Settings, scheduler and counters are for any thread, the rest is the streaming
/// thread's.
class Overlay {
 public:
  explicit Overlay(GstBaseTransform* element) : element_(element) {}

  template <typename Change>
  void change_settings(Change&& change) {
    MutexLock lock(mutex_);
    change(settings_);
  }
  Settings settings() const {
    MutexLock lock(mutex_);
    return settings_;
  }
  StructurePtr stats() const;

  /// NULL to READY: checks the stream's name; posts an ERROR if it is wrong.
  bool to_ready();
  /// Looks for a scheduler to listen to. There need not be one.
  void start();
  void stop();
  /// (transfer none)
  void set_scheduler(GstEkyaScheduler* scheduler);
  void set_info(const GstVideoInfo& info) { info_ = info; }
  GstFlowReturn transform(GstBuffer* buffer);

 private:
  Painting compose(GstBuffer* buffer, const Settings& settings);
  std::string status_line(const Settings& settings) const;
  void draw(GstVideoFrame* frame, const Painting& painting);

  GstBaseTransform* const element_;
  mutable Mutex mutex_;
  Settings settings_ EKYA_GUARDED_BY(mutex_);

  mutable Mutex board_mutex_;  ///< Never held while anything is connected or called.
  std::shared_ptr<Board> board_ EKYA_GUARDED_BY(board_mutex_);
  std::unique_ptr<Listening> listening_ EKYA_GUARDED_BY(board_mutex_);

  std::atomic<guint64> frames_{0}, regions_{0}, carried_{0}, generation_{0};
  std::atomic<bool> classified_{false};  ///< A result of some generation has come by.
  GstVideoInfo info_{};
  Notices notices_;
};

}  // namespace ekya::gst::overlay
