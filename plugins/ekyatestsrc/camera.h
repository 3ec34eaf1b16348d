// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstpushsrc.h>
#include <gst/video/video.h>

#include <atomic>
#include <memory>
#include <optional>

#include "ekya/base/mutex.h"
#include "ekya/base/published.h"
#include "ekyatestsrc/scene.h"
#include "ekyatestsrc/settings.h"
#include "glue/notice.h"
#include "glue/ptr.h"

namespace ekya::gst::testsrc {

/// The element behind ekyatestsrc. Settings and counters are for any thread; all else belongs to the streaming thread,
/// and to the one that changes the state while there is none.
class Camera {
 public:
  explicit Camera(GstBaseSrc* element) : element_(element) {}

  template <typename Change>
  void change_settings(Change&& change) {
    MutexLock lock(mutex_);
    change(settings_);
  }
  Settings settings() const {
    MutexLock lock(mutex_);
    return settings_;
  }
  std::vector<std::string> labels() const;
  StructurePtr stats() const;

  /// Loads the sprites and checks the class mixes. Posts an ERROR if that fails.
  bool start();
  void stop();
  bool set_info(const GstVideoInfo& info);
  bool seek(GstSegment* segment);
  GstFlowReturn fill(GstBuffer* buffer);
  /// Answers LATENCY of a live source; false: the base class should answer.
  bool answer(GstQuery* query) const;

 private:
  void take_settings(const Settings& settings);
  void stamp(GstBuffer* buffer);
  void draw(GstVideoFrame* frame) const;
  void attach(GstBuffer* buffer, const std::vector<scene::Truth>& truth) const;
  GstClockTime time_of(guint64 frame) const;

  GstBaseSrc* const element_;
  mutable Mutex mutex_;
  Settings settings_ EKYA_GUARDED_BY(mutex_);
  Published<const scene::SpriteSet> sprites_;
  Published<const std::vector<std::string>> labels_;
  std::atomic<guint64> frames_{0}, regions_{0};
  std::atomic<double> level_{0}, light_{1}, render_ms_{0};
  std::atomic<GstClockTime> frame_duration_{GST_CLOCK_TIME_NONE};

  GstVideoInfo info_{};
  Settings taken_;  ///< What the scene was told last.
  std::unique_ptr<scene::Scene> scene_;
  GstClockTime begin_ = 0;  ///< Stream time at which frame 0 of these caps begins.
  guint64 frame_ = 0;       ///< Of these caps.
  guint64 total_ = 0;       ///< Since the start, for the buffer's offset.
  Notices notices_;
};

}  // namespace ekya::gst::testsrc
