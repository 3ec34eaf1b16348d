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
/// The best plan with constant shares that are multiples of the quantum, where the share of a job that ends goes to its
/// own stream's inference: first the most streams whose a_min holds from the start on, then the highest weighted
/// accuracy. Less than a quantum may be left of the capacity; one stream holds that as well.
/// Cost: see allocate.h, and O(streams · quanta · configs · inference configs) for the table.
/// Source: multiple-choice knapsack by dynamic programming.
std::unique_ptr<Policy> make_exact();

/// The stronger search that the public code really does: every job in turn steals 0, δ, 2δ, … up to everything from
/// every other; each try is scored by simulating the window with freed shares handed on (shared_window.h). Starts from
/// the fair share, three times over, with the configs that Algorithm 2 picks for the shares of the time before; returns
/// its last search. Cost: O(jobs · (capacity / δ + jobs)) simulated windows.
/// Source: thief_sco_scheduler in github.com/edge-video-services/ekya.
std::unique_ptr<Policy> make_thief_wide();

/// The paper's heuristic: fair start, then every job in turn steals δ from every other while the mean window accuracy
/// rises. Where the fair share is below δ it steals whole fair shares, since else nothing could ever move.
/// Cost: O(jobs² · steps · configs) time, O(jobs) memory.
/// Source: Ekya (NSDI 2022), Algorithms 1 (ThiefScheduler) and 2 (PickConfigs).
std::unique_ptr<Policy> make_thief();

/// The paper's baseline: every stream the same share, half of it for inference and half for retraining with the most
/// accurate config that it offers. Source: Ekya (NSDI 2022), section 6.1.
std::unique_ptr<Policy> make_uniform();

/// Ablation: shares as by `thief`, one retraining config for all streams: the one that adds most accuracy over all
/// streams at fair shares. A stream that runs a job of another config keeps that or stops it. Source: Ekya,
/// section 6.3.
std::unique_ptr<Policy> make_fixed_config();

/// Ablation: every stream the same share, half of it for inference and half for retraining with the config that
/// Algorithm 2 picks for it. Source: Ekya (NSDI 2022), section 6.3.
std::unique_ptr<Policy> make_fixed_share();

/// No retraining: the best stored model is used at once where it is better than the live one. Inference shares are
/// equal. Source: Ekya (NSDI 2022), section 6.5.
std::unique_ptr<Policy> make_cached();

/// Retraining in a cloud, without limits there: each stream's samples go up and its most accurate model comes down,
/// all transfers under way sharing the link equally. Inference shares are equal. Without a cloud the same as
/// no-retraining. Source: Ekya (NSDI 2022), section 6.5, table 3.
std::unique_ptr<Policy> make_cloud();

/// Every stream with inference the same share, nothing for retraining.
std::unique_ptr<Policy> make_no_retraining();

}  // namespace ekya::scheduler
