// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <thread>

#include "ekya/base/published.h"
#include "ekyainfer/frame_watch.h"
#include "ekyainfer/inference.h"
#include "ekyainfer/settings.h"
#include "ekyainfer/share.h"

namespace ekya::gst::infer {

/// What happened to a frame.
struct Outcome {
  enum class Kind {
    kFresh,    ///< Results were computed.
    kCarried,  ///< It was not this frame's turn, or there was nothing to look at.
    kLate,     ///< Its turn, but the sink is late.
    kRefused,  ///< Its turn, but the share is used up.
    kFailed,   ///< Its turn, but inference failed.
  };
  Kind kind = Kind::kCarried;
  std::size_t regions = 0;                 ///< With fresh results.
  Seconds time{0};                         ///< That inference took.
  std::string error;                       ///< Why it failed.
  std::optional<drift::FrameAlarm> alarm;  ///< The scene has changed, as it seems.
};

/// Puts results on each frame of a stream: fresh ones when it is their turn and the share allows it, else the last ones
/// again, marked as carried. Never blocks, never drops. The streaming thread owns it.
class FrameLoop {
 public:
  FrameLoop(Task task, Published<const LiveModel>& live, Share& share) : task_(task), live_(live), share_(share) {}

  /// The frames that follow have this format.
  void set_info(const GstVideoInfo& info);
  /// Forgets results: after a flush or a new stream.
  void forget();

  /// `buffer` is writable; its pixels are only read, and only where results are computed.
  Outcome process(GstBuffer* buffer, const Settings& settings, bool late);

  guint interval(const Settings& settings) const { return std::max(settings.inference_interval, share_.interval()); }

 private:
  std::vector<Region> find_regions(GstBuffer* buffer, const Settings& settings) const;
  Outcome infer(GstBuffer* buffer, const Settings& settings, const std::vector<Region>& regions);
  Result<Findings> run(const LiveModel& model, GstBuffer* buffer, const Settings& settings,
                       const std::vector<Region>& regions);
  void compare(const Findings& fresh);
  void attach_fresh(GstBuffer* buffer, const Settings& settings, const std::vector<Region>& regions);
  void attach_carried(GstBuffer* buffer, const Settings& settings, const std::vector<Region>& regions);
  void attach_detections(GstBuffer* buffer, const Settings& settings);
  void limit_threads();

  const Task task_;
  Published<const LiveModel>& live_;
  Share& share_;
  Inference inference_;
  FrameWatch watch_;
  GstVideoInfo info_{};
  std::optional<Findings> last_;
  gint last_region_ = 0;  ///< inference_region of `last_`.
  guint waited_ = 0;      ///< Frames since the last inference, this one included; 0: none yet, so at once.
  Seconds last_inference_{0};
  std::thread::id thread_;  ///< Whose thread count is set.
};

}  // namespace ekya::gst::infer
