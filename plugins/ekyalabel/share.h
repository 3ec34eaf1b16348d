// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/gstekyaclient.h>

#include <atomic>
#include <memory>
#include <string>

#include "ekya/base/clock.h"
#include "ekya/base/result.h"
#include "ekyalabel/golden.h"

namespace ekya::gst::label {

/// The labeller's side of the negotiation: what it needs, what it got, and the right to compute. The demand is the
/// golden model's seconds for a frame × frames a second / slots of the device. Thread-safe but for request(), which is
/// one thread's at a time.
class Share {
 public:
  /// How long a golden run waits for its turn.
  static constexpr Seconds kTurnWait{1};

  Share(GstElement* element, GstEkyaScheduler* scheduler, const std::string& stream_id);
  /// Gives everything back.
  ~Share();

  /// Asks for what `rate` frames a second need. Posts on the bus.
  Status request(const char* reason, double rate);
  /// Whether what was asked for last is more than a quarter off by now, and that is a second ago.
  bool is_out_of_date(double rate, Seconds now) const;

  /// Frames a second that the grant allows, at most `wanted`; all of them until the first frame was measured.
  double allowed_rate(double wanted) const;
  /// A frame took so long; golden_seconds() follows smoothly.
  void measured(double seconds);
  double golden_seconds() const { return golden_seconds_; }
  double granted() const;

  /// Runs work under a lease. It outlives this object, as an abandoned thread may.
  Turn turn() const;
  /// Turns fail at once from now on.
  void interrupt();

 private:
  double demand(double rate) const;

  const std::shared_ptr<GstEkyaClient> client_;
  const double slots_;
  std::atomic<double> golden_seconds_{0};  // 0: not measured
  double asked_ = 0;
  Seconds asked_at_{0};
};

}  // namespace ekya::gst::label
