// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "ekya/base/clock.h"

namespace ekya::gst::label {

/// Decides which frames are labelled: at most `rate` a second of the frames' own time, evenly. Where frames can be
/// preferred, a preferred one is taken as soon as the rate allows one, another only when a whole period more has gone
/// by without; both count against the rate, so a preferred one may follow sooner than a period, but over n periods
/// never more than n + 2 are taken. Not thread-safe: the streaming thread's.
class Sampler {
 public:
  /// `at`: presentation time; one that goes back or repeats earns nothing. `rate` in frames/s, 0 takes none.
  /// `preferred` (may be null: all frames are alike) is asked only when its answer matters.
  bool wants(Seconds at, double rate, const std::function<bool()>& preferred);
  /// The next frame is the first one: it is taken if the rate is above 0.
  void reset() { *this = {}; }

 private:
  bool wants_first(Seconds at, double rate);
  bool take(Seconds at, double left);

  std::optional<Seconds> last_, taken_;
  double credit_ = 0;  // frames that may be taken now
};

/// Bounds the labels, of which a frame may have many: over t seconds at most rate × t, plus one second's worth (at
/// least one label) and what is under way. Not thread-safe.
class LabelBudget {
 public:
  /// Whether there is room for the labels of one more frame. `rate` in labels/s, 0: without bound.
  /// `labels`: made so far, never falling.
  bool has_room(Seconds at, double rate, std::uint64_t labels);
  /// The next time has no relation to the last.
  void restart_time() { last_.reset(); }

 private:
  std::optional<Seconds> last_;
  std::optional<double> credit_;
  std::uint64_t labels_ = 0;
};

}  // namespace ekya::gst::label
