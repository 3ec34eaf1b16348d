// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/sim/recorded.h"
#include "ekya/sim/scenario.h"

namespace ekya::sim {

/// What policies are compared on.
struct ContestOptions {
  std::vector<std::string> scenarios;   ///< Files; "-" is the standard input.
  std::string cases;                    ///< An examples.json.
  std::string recorded;                 ///< Folder of recorded tables to draw from.
  int draws = 10;                       ///< From them, for each count of streams and devices.
  int generate = 0;                     ///< Scenarios to draw from distributions.
  int windows = 1;                      ///< Of those.
  std::string streams, devices, curve;  ///< Empty: what is usual for the source.
  bool separate = false;                ///< Devices of capacity 1 each instead of one pool.
  DrawOptions draw;                     ///< For both kinds of draws, as far as it fits.
  double error = 0;                     ///< Of the estimates; 0 leaves them.
  double kappa = 0;                     ///< 0 leaves what a file says.
};

/// A window that the executor carries out or, where there are several or delays, a scenario for the simulation.
struct Contest {
  std::string id;
  scheduler::Problem believed, truth;
  std::optional<Scenario> scenario;

  double streams_per_device() const;
};

/// Errors: of the files; kInvalidArgument where there is nothing to compare on.
Result<std::vector<Contest>> contests(const ContestOptions& options);

}  // namespace ekya::sim
