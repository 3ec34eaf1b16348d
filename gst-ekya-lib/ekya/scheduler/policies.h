// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "ekya/scheduler/policy.h"

namespace ekya::scheduler {

/// Plans the window in phases: jobs and live inference bid for the devices, anew whenever a job ends (timeline.h), and
/// a local search chooses retraining configs, devices and the order of the jobs (cluster_search.h). Right under linear
/// and measured curves alike. Never below the best plan without retraining that it finds, from which the search starts.
/// Fills in Plan::upper_bound. Holds a_min first. Cost: devices with many streams are planned one by one, then in
/// pairs; see docs/algorithms/scheduling.md.
std::unique_ptr<Policy> make_phased();

/// The paper's heuristic: fair start, then every job in turn steals δ from every other while the mean window accuracy
/// rises. Where the fair share is below δ it steals whole fair shares, since else nothing could ever move.
/// Cost: O(jobs² · steps · configs) time, O(jobs) memory.
/// Source: Ekya (NSDI 2022), Algorithms 1 (ThiefScheduler) and 2 (PickConfigs).
std::unique_ptr<Policy> make_thief();

/// The paper's baseline: every stream the same share, half of it for inference and half for retraining with the most
/// accurate config that it offers. Source: Ekya (NSDI 2022), section 6.1.
std::unique_ptr<Policy> make_uniform();

/// Every stream with inference the same share, nothing for retraining.
std::unique_ptr<Policy> make_no_retraining();

}  // namespace ekya::scheduler
