// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ekya/base/result.h"

namespace ekya::scheduler {

/// One way to run live inference (λ in the paper): how many frames, at which input size.
struct InferenceConfig {
  std::string id;
  double demand = 0;  ///< Share of a device that keeps up with the live rate, in devices, >= 0.
  double factor = 1;  ///< Accuracy relative to the full config, in [0, 1].
};

/// One way to retrain (γ in the paper).
struct RetrainingConfig {
  std::string id;
  double work_s = 0;     ///< Device-seconds at share 1, what is still to do, > 0.
  double accuracy = 0;   ///< Expected accuracy after it, in [0, 1].
  double max_share = 1;  ///< The job cannot use more than this, in devices, > 0.
};

/// One camera in one window.
struct Stream {
  std::string id;
  double accuracy = 0;              ///< Of the live student, on the newest golden labels, in [0, 1].
  double labelling_demand = 0;      ///< Share that golden labelling of this stream wants, in devices, >= 0.
  std::optional<double> min_accuracy;  ///< a_min of this stream; the problem's where empty.
  std::vector<InferenceConfig> inference;
  std::vector<RetrainingConfig> retraining;
  /// Id of the retraining config that is running already, or empty: a policy keeps it or stops it.
  std::string running;
};

/// One window to plan. See docs/algorithms/scheduling.md; JSON schema in docs/problem.schema.json.
struct Problem {
  double window_s = 0;  ///< What is left of the window, in seconds, > 0.
  double quantum = 0.1;  ///< δ, the smallest share handed out, in devices, in (0, 1].
  double min_accuracy = 0.4;  ///< a_min of every stream without its own.
  double capacity = 1.0;      ///< Compute of the device that is to be shared, in devices.
  std::string device = "cpu";
  std::vector<Stream> streams;
};

/// What one stream gets.
struct StreamPlan {
  std::string id;
  std::string inference_config;   ///< Empty: none fits, the stream runs on what its share allows.
  std::string retraining_config;  ///< Empty: no retraining in this window.
  double inference_share = 0;     ///< In devices.
  double labelling_share = 0;     ///< In devices.
  double retraining_share = 0;    ///< In devices.
  double expected_accuracy = 0;   ///< Averaged over the window, in [0, 1].
};

/// A plan for one window: shares sum to at most Problem::capacity, streams in the problem's order.
struct Plan {
  std::string policy;
  std::vector<StreamPlan> streams;
  double mean_accuracy = 0;  ///< Mean of the streams' expected_accuracy.
  double decision_s = 0;     ///< Filled by the caller that owns a clock.
};

/// Errors: kInvalidArgument that names the place, e.g. `streams[2].retraining[0].work_s: -1 is not > 0`.
/// Also refuses NaN, duplicate stream ids, and an unknown `running`.
Status validate(const Problem& problem);

/// Checks that a plan answers the problem: same streams, configs that exist, shares >= 0 that sum to the capacity.
Status validate(const Problem& problem, const Plan& plan);

}  // namespace ekya::scheduler
