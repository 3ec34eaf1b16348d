// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// The inference configs of a stream that are worth their demand, cheapest first, and the way up from one to the next.
class Ladder {
 public:
  /// A config that no cheaper one matches.
  struct Rung {
    double demand = 0;  ///< In devices.
    double factor = 0;
    int config = -1;  ///< Index in Stream::inference; -1: no inference at all.
  };
  /// From one rung to a higher one on the least concave curve above the rungs from `from` on.
  struct Step {
    double width = 0;  ///< In devices.
    double rise = 0;   ///< Of the factor.
    int rung = 0;      ///< Where it leads.
  };

  /// Rung 0 is no inference at all: demand 0, factor 0. A stream without inference clients has rung 0 with factor 1
  /// alone.
  explicit Ladder(const Stream& stream);

  const std::vector<Rung>& rungs() const { return rungs_; }
  /// Concave steps upwards from a rung; rise over width falls from step to step.
  const std::vector<Step>& steps(int from) const { return steps_[static_cast<std::size_t>(from)]; }
  /// The lowest rung whose factor is at least that much; -1 where none is.
  int lowest(double factor) const;

 private:
  std::vector<Rung> rungs_;
  std::vector<std::vector<Step>> steps_;  ///< [rungs]
};

}  // namespace ekya::scheduler
