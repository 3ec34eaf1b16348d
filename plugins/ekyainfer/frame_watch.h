// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <optional>
#include <string>
#include <vector>

#include "ekya/drift/frame_drift.h"
#include "ekyainfer/results.h"

namespace ekya::gst::infer {

/// Watches the frames that were inferred, and what was found on them, for drift (tier one). The streaming thread's.
class FrameWatch {
 public:
  /// Only a few thousand bytes of the frame are read. Nothing is said of a buffer that does not hold its frame.
  std::optional<drift::FrameAlarm> see(GstBuffer* buffer, const GstVideoInfo& info, const Findings& fresh);
  /// The next frame's time has no relation to the last.
  void restart_time() { drift_.restart_time(); }

 private:
  void follow_model(const Findings& fresh);

  drift::FrameDrift drift_;
  std::string model_name_;
  std::uint64_t generation_ = 0;
  std::vector<int> classes_;
};

}  // namespace ekya::gst::infer
