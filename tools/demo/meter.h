// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ekya/base/mutex.h"

namespace ekya::demo {

/// What came out of ekyainfer, compared with the truth.
struct Frame {
  std::int64_t pts_ns = 0;
  std::int64_t out_ns = 0;  ///< Monotonic clock.
  double latency_ms = 0;    ///< From ekyainfer's sink pad to its source pad.
  int objects = 0, correct = 0;
  std::uint64_t generation = 0;
};

/// Right answers out of all objects.
struct Score {
  long correct = 0, objects = 0;
  double accuracy() const { return objects == 0 ? -1 : static_cast<double>(correct) / static_cast<double>(objects); }
};

/// Measures one camera of one run. Thread-safe: the probes of two streaming threads and the main thread meet here.
class Meter {
 public:
  void frame_in(std::int64_t pts_ns, std::int64_t now_ns);
  void frame_out(Frame frame);  ///< Fills in latency_ms.
  void label(bool correct);

  Score by_pts(std::int64_t begin_ns, std::int64_t end_ns) const;
  Score by_clock(std::int64_t begin_ns, std::int64_t end_ns) const;
  Score golden() const;
  long frames_in() const;
  long frames_out() const;
  long late_frames(double period_ms) const;
  /// Frames whose timestamp is not above the one before it.
  long out_of_order() const;
  std::int64_t last_pts() const;
  /// Worst latency of the frames beside a change of generation, less the median of all, in ms; 0 without a swap.
  double worst_swap_latency_ms() const;
  std::vector<Frame> frames() const;

 private:
  mutable Mutex mutex_;
  std::map<std::int64_t, std::int64_t> entered_ EKYA_GUARDED_BY(mutex_);
  std::vector<Frame> frames_ EKYA_GUARDED_BY(mutex_);
  Score golden_ EKYA_GUARDED_BY(mutex_);
  long frames_in_ EKYA_GUARDED_BY(mutex_) = 0;
};

}  // namespace ekya::demo
