// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/watch.h"

#include <algorithm>

namespace ekya::drift {

Response DriftWatch::alarm(Tier tier, Seconds now) {
  if (tier != Tier::kLabels) return suspect(now);
  is_unconfirmed_ = false;
  cooldown_ = options_.cooldown;
  boosted_until_ = now + options_.boost;
  rests_until_ = boosted_until_;  // The next suspicion may be another drift.
  return {true, true};
}

Response DriftWatch::suspect(Seconds now) {
  if (rests_until_ && now < *rests_until_) {
    ++ignored_;
    return {};
  }
  if (is_unconfirmed_) cooldown_ = std::min(2 * cooldown_, options_.longest_cooldown);
  is_unconfirmed_ = true;
  boosted_until_ = now + options_.boost;
  rests_until_ = *boosted_until_ + cooldown_;
  return {true, false};
}

}  // namespace ekya::drift
