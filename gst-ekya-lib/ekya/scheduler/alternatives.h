// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

// All of these take the problem with the estimates that were planned on (pessimistic()).

/// What the stream's job adds to its accuracy, averaged over the window: the better model from the job's end on, under
/// the inference that the plan gives it. 0 where no job ends within the window.
double gain_of_job(const Problem& problem, const Stream& stream, const StreamPlan& plan);

/// Another retraining that a stream could have got.
struct Alternative {
  const RetrainingConfig* config = nullptr;
  double gain = 0;  ///< Of accuracy, averaged over the window.
};

/// For a stream that retrains: the other config that would be worth most in the same place, begun at the same time with
/// the same share, and what it would gain over the plan's. Empty: no other could be chosen.
std::optional<Alternative> next_best_config(const Problem& problem, const Stream& stream, const StreamPlan& plan);

/// For a stream that does not retrain: the config that would add most if it had a whole device at once and its
/// inference all it wants; no share can make it add more. Empty: none could add anything.
std::optional<Alternative> best_config_at_most(const Problem& problem, const Stream& stream);

}  // namespace ekya::scheduler
