// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// What one stream does with its shares, and what that is worth.
struct Choice {
  const InferenceConfig* inference = nullptr;    ///< While the job runs; null: none fits, or the stream has none.
  const RetrainingConfig* retraining = nullptr;  ///< Null: none raises the window's accuracy.
  double accuracy = 0;                           ///< Averaged over the window, in [0, 1].
  double shortfall = 0;  ///< By how much the accuracy before the retraining misses a_min, where it could be reached.
};

/// Most of the device that golden labelling may take, all streams together.
inline constexpr double kLabellingFraction = 0.2;

/// Algorithm 2, PickConfigs, for one stream: the best inference config for its share, and the retraining config (or
/// none) of highest window accuracy. The share of a job that ends goes to the inference of the same stream. A
/// stream that runs a job keeps its config or stops it. Of equal configs the one with less work wins.
/// Source: Ekya (NSDI 2022), Algorithm 2.
Choice pick_configs(const Problem& problem, const Stream& stream, double inference_share, double retraining_share);

/// The same with the retraining config given (null: none), whatever it is worth.
Choice estimate_choice(const Problem& problem, const Stream& stream, double inference_share, double retraining_share,
                       const RetrainingConfig* retraining);

/// Whether a retraining config may be chosen: more accurate than the live student and, while a job runs, that job's.
bool is_candidate(const Stream& stream, const RetrainingConfig& config);

/// Labelling share of each stream: what it wants, all scaled down alike where that is more than kLabellingFraction of
/// the capacity. Shape [streams], in devices.
std::vector<double> labelling_shares(const Problem& problem);

/// What the labelling leaves, in devices.
double capacity_left(const Problem& problem, const std::vector<double>& labelling);

/// Writes one stream's answer. A share that the choice has no use for (no config, or more than max_share) stays free.
StreamPlan stream_plan(const Stream& stream, const Choice& choice, double inference_share, double labelling_share,
                       double retraining_share);

/// Sets the mean of the streams' expected accuracies; 0 without streams.
void set_mean(Plan& plan);

}  // namespace ekya::scheduler
