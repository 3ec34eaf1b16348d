// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/sim/recorded.h"

namespace ekya::sim {

/// What an experiment works on.
struct Bench {
  Recorded recorded;  ///< Empty where the experiment needs none.
  int draws = 1;
  std::uint64_t seed = 1;
};

/// One experiment of the paper; gives the table that tools/ekya-sim/plot.py draws.
struct Experiment {
  std::string name, what;
  bool needs_recorded;
  int draws;  ///< Where the user names no other number; 1: nothing is drawn.
  std::function<Result<std::string>(const Bench&)> run;
};

/// All of them, in the order of docs/results/planner/README.md.
const std::vector<Experiment>& experiments();

// load.cpp
Result<std::string> by_streams(const Bench& bench);
Result<std::string> by_gpus(const Bench& bench);
Result<std::string> capacity(const Bench& bench);
Result<std::string> ablations(const Bench& bench);
Result<std::string> by_window(const Bench& bench);
// estimates.cpp
Result<std::string> by_quantum(const Bench& bench);
Result<std::string> by_error(const Bench& bench);
Result<std::string> micro_profile(const Bench& bench);
// elsewhere.cpp
Result<std::string> cloud(const Bench& bench);
Result<std::string> cached(const Bench& bench);
// single_runs.cpp
Result<std::string> worked_example_table(const Bench& bench);
Result<std::string> allocation(const Bench& bench);

}  // namespace ekya::sim
