// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "ekya/base/clock.h"

namespace ekya::drift {

enum class Tier {
  kFrames = 1,    ///< Without labels, on each frame: FrameDrift.
  kFeatures = 2,  ///< On features: FeatureDrift.
  kLabels = 3,    ///< On golden labels: learner::AccuracyMonitor.
};

struct WatchOptions {
  double label_factor = 3;        ///< Labels are made so many times as fast while drift is suspected, >= 1.
  Seconds boost{20};              ///< For so long.
  Seconds cooldown{60};           ///< No suspicion counts for so long after that.
  Seconds longest_cooldown{600};  ///< Each suspicion that no label confirms doubles it up to here.
};

/// What to do about an alarm.
struct Response {
  bool more_labels = false;  ///< The label rate has gone up with it.
  bool retrain = false;      ///< Start a retraining now, before the window ends.
};

/// What the tiers' alarms lead to. Tiers one and two only suspect: they buy labels for a bounded time, then rest; false
/// alarms cost ever less. Tier three knows: it starts a retraining, keeps labels coming for it and takes suspicions
/// serious again. Time is the caller's and does not go back; restart_time() where it does. Not thread-safe.
class DriftWatch {
 public:
  explicit DriftWatch(WatchOptions options = {}) : options_(options), cooldown_(options.cooldown) {}

  Response alarm(Tier tier, Seconds now);
  /// What the label rate is to be multiplied by: 1 or label_factor.
  double label_factor(Seconds now) const { return boosted_until_ && now < *boosted_until_ ? options_.label_factor : 1; }
  /// Another time begins; what was learned of suspicions stays.
  void restart_time() { boosted_until_.reset(), rests_until_.reset(); }

  std::uint64_t ignored() const { return ignored_; }  ///< Suspicions during a boost or a rest.

 private:
  Response suspect(Seconds now);

  WatchOptions options_;
  Seconds cooldown_;             ///< After the next suspicion.
  bool is_unconfirmed_ = false;  ///< No label has confirmed the last suspicion.
  std::optional<Seconds> boosted_until_, rests_until_;
  std::uint64_t ignored_ = 0;
};

}  // namespace ekya::drift
