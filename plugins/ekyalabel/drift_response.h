// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/gstekyascheduler.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "ekya/drift/watch.h"
#include "glue/ptr.h"

namespace ekya::gst::label {

/// Hears of the stream's drift through the shared scheduler and says how many times as fast to sample. The streaming
/// thread's, but for its making.
class DriftResponse {
 public:
  DriftResponse(GstEkyaScheduler* scheduler, std::string stream_id);
  ~DriftResponse();
  DriftResponse(const DriftResponse&) = delete;
  DriftResponse& operator=(const DriftResponse&) = delete;

  /// `at`: the frame's time.
  double label_factor(Seconds at);
  guint64 alarms() const { return ear_->suspicions + ear_->confirmations; }

 private:
  /// Where the signal arrives, in any thread, and maybe still when this object is gone.
  struct Ear {
    std::string stream_id;
    std::atomic<guint64> suspicions{0}, confirmations{0};
  };
  static void on_drift(GstEkyaScheduler*, GstStructure* drift, gpointer ear);

  const ObjectPtr<GstEkyaScheduler> scheduler_;
  const std::shared_ptr<Ear> ear_;
  gulong handler_ = 0;

  drift::DriftWatch watch_;
  guint64 suspicions_ = 0, confirmations_ = 0;  ///< Answered.
  std::optional<Seconds> last_;
};

}  // namespace ekya::gst::label
