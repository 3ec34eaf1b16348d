// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "ekya/base/clock.h"
#include "glue/ptr.h"

namespace ekya::gst::infer {

/// What the element has done since it started: the property `stats`.
struct Counters {
  guint64 frames = 0;        ///< Passed on.
  guint64 inferences = 0;    ///< Frames with fresh results.
  guint64 regions = 0;       ///< Regions or detections with fresh results.
  guint64 carried = 0;       ///< Frames with older results or none.
  guint64 late = 0;          ///< Frames carried because the sink was late.
  guint64 refused = 0;       ///< Frames carried because the share was used up.
  guint64 failed = 0;        ///< Frames carried because inference failed.
  guint64 swaps = 0;         ///< Models taken over.
  guint64 failed_swaps = 0;  ///< Models refused.
  double load_ms = 0;        ///< Loading of the newest model.
  double last_swap_ms = 0, worst_swap_ms = 0;
  guint64 drift_alarms = 0;  ///< Changes of the scene reported.
  guint interval = 1;        ///< One frame in this many is due for inference.
  double share = 0;          ///< Granted, in devices.

  void add_inference(Seconds time);
  double median_inference_ms() const;  ///< Of the last inferences; 0 before the first.
  StructurePtr to_structure(std::uint64_t generation, const std::string& model) const;

 private:
  std::array<float, 101> recent_ms_{};  ///< Ring.
};

}  // namespace ekya::gst::infer
