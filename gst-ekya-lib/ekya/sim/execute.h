// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/base/result.h"
#include "ekya/scheduler/policy.h"

namespace ekya::sim {

/// What one window came to when its plans were carried out.
struct Executed {
  std::vector<double> accuracy;        ///< Of each stream averaged over the window, in [0, 1].
  std::vector<double> end_accuracy;    ///< Of each stream's live model at the window's end, in [0, 1].
  double mean_accuracy = 0;            ///< Weighted mean over the streams.
  double expected_accuracy = 0;        ///< What the first plan expected of that mean.
  double upper_bound = 1;              ///< Of the first plan.
  std::vector<double> below_floor_s;   ///< For each stream, time below its a_min, in seconds.
  std::vector<double> retrained_at_s;  ///< For each stream, when its new model came; infinite where none did.
  int plans = 0;
};

/// Carries out one window exactly, without the controller: jobs progress at the speed of their shares, a new model
/// counts from the moment its job ends or it is delivered, and a stream gets at most one. The rest of the window is
/// planned again whenever a job ends, or has overrun its estimate when its plan takes its share away; until then a
/// plan's own phases are followed. A running job that a plan drops waits and keeps its work, as ekyaretrain's does.
///
/// `policy` sees `believed`, what happens follows `truth`: the same problem but for its retraining configs' work and
/// accuracy. Of a running job the policy sees the believed work less what is done, of one that has overrun that 5 %.
/// Cost: a plan for each job's end.
/// Errors: kInvalidArgument where the problems do not pass validate() or do not match; kInternal where a plan does not
/// pass it.
Result<Executed> execute(const scheduler::Problem& believed, const scheduler::Problem& truth,
                         const scheduler::Policy& policy);
inline Result<Executed> execute(const scheduler::Problem& problem, const scheduler::Policy& policy) {
  return execute(problem, problem, policy);
}

/// The same with one plan followed to the window's end, whatever happens.
Result<Executed> execute_plan(const scheduler::Problem& truth, const scheduler::Plan& plan);

}  // namespace ekya::sim
