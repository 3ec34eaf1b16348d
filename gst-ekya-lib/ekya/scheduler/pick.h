// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/problem.h"
#include "ekya/scheduler/throughput.h"

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

/// A device is handed out in at most this many quanta: a finer quantum costs time and memory and is worth nothing.
inline constexpr int kMostQuanta = 2048;

/// The problem's quantum, or so many of them that kMostQuanta make the capacity, in devices. `problem` has one device.
double quantum_of(const Problem& problem);

/// What the estimates of one device's window need to know besides the streams.
struct DeviceWindow {
  /// `problem` has one device.
  explicit DeviceWindow(const Problem& problem);

  double window_s;
  double min_accuracy;
  Throughput throughput;
};

/// Algorithm 2, PickConfigs, for one stream: the best inference config for its share, and the retraining config (or
/// none) of highest window accuracy. The share of a job that ends goes to the inference of the same stream. A
/// stream that runs a job keeps its config or stops it. Of equal configs the one with less work wins.
/// Source: Ekya (NSDI 2022), Algorithm 2.
Choice pick_configs(const DeviceWindow& window, const Stream& stream, double inference_share, double retraining_share);

/// The same with the retraining config given (null: none), whatever it is worth.
Choice estimate_choice(const DeviceWindow& window, const Stream& stream, double inference_share,
                       double retraining_share, const RetrainingConfig* retraining);

/// Whether a retraining config may be chosen: more accurate than the live student and, while a job runs, that job's.
bool is_candidate(const Stream& stream, const RetrainingConfig& config);

/// The inference or the retraining of one stream.
struct Job {
  std::size_t stream;
  bool retraining;
};

/// What shares are for: the retrainings of all streams with a candidate, then the inferences of all streams with
/// clients.
std::vector<Job> jobs_of(const Problem& problem);

/// The candidate of the highest expected accuracy, of equal ones that with less work; null: there is none.
const RetrainingConfig* most_accurate(const Stream& stream);

/// The candidates of a stream that no other candidate beats in work, accuracy, max_share and memory alike.
std::vector<const RetrainingConfig*> useful_configs(const Stream& stream);

/// Accuracy relative to the full inference config; 1 for a stream without inference clients, 0 where no config fits.
double factor_of(const Stream& stream, const InferenceConfig* config);
/// The highest factor that the stream's configs offer.
double best_factor(const Stream& stream);

/// a_min of a stream, or 0 where its student cannot reach it even with the best config: nothing that inference gets
/// would help.
double reachable_floor(const Stream& stream, double floor);
/// The least demand of the configs that hold the floor, in devices; 0 where there is no floor or none holds it.
double floor_demand(const Stream& stream, double floor);

/// Labelling share of each stream: what it wants, all scaled down alike where that is more than kLabellingFraction of
/// the capacity. Shape [streams], in devices. `problem` has one device.
std::vector<double> labelling_shares(const Problem& problem);

/// What the labelling leaves, in devices. `problem` has one device.
double capacity_left(const Problem& problem, const std::vector<double>& labelling);

/// Writes one stream's answer. A share that the choice has no use for (no config, or more than max_share) stays free.
/// Where the job ends within the window a second phase gives its share to the stream's inference. `problem` has one
/// device.
StreamPlan stream_plan(const Problem& problem, const DeviceWindow& window, const Stream& stream, const Choice& choice,
                       double inference_share, double labelling_share, double retraining_share);

/// Accuracy relative to the full inference config of what a plan begins with.
double planned_factor(const Stream& stream, const StreamPlan& plan);

/// Sets the weighted mean of the streams' expected accuracies, 0 without streams, and the streams that miss their
/// a_min.
void summarise(const Problem& problem, Plan& plan);

}  // namespace ekya::scheduler
