// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
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
  double work_s = 0;       ///< Device-seconds at share 1, what is still to do, > 0.
  double accuracy = 0;     ///< Expected accuracy after it, in [0, 1].
  double max_share = 1;    ///< The job cannot use more than this, in devices, > 0.
  double memory_mb = 0;    ///< Held on the job's device from its first step to its end, in MB, >= 0.
  double work_sd_s = 0;    ///< Standard deviation of the estimate `work_s`, in seconds, >= 0.
  double accuracy_sd = 0;  ///< Standard deviation of the estimate `accuracy`, in [0, 1].
};

/// One camera in one window.
struct Stream {
  std::string id;
  double accuracy = 0;                 ///< Of the live student, on the newest golden labels, in [0, 1].
  double labelling_demand = 0;         ///< Share that golden labelling of this stream wants, in devices, >= 0.
  std::optional<double> min_accuracy;  ///< a_min of this stream; the problem's where empty.
  std::vector<InferenceConfig> inference;
  std::vector<RetrainingConfig> retraining;
  /// Id of the retraining config that is running already, or empty: a policy keeps it or stops it.
  std::string running;
  double weight = 1;                ///< Of this stream in the mean accuracy, > 0.
  std::string device{};             ///< Where its inference and labelling run now; empty: nowhere yet.
  std::string retraining_device{};  ///< Where the running job runs, or empty: a running job does not move.
  double cached_accuracy = 0;  ///< Of the best stored model on what the camera shows now, in [0, 1]; 0: there is none.
  double upload_mbit = 0;      ///< What retraining in the cloud sends there a window, in megabits, >= 0.
  double model_mbit = 0;       ///< What comes back, in megabits, >= 0.
};

/// What a job reaches at a share: `speed` in units of what one whole device reaches.
struct CurvePoint {
  double share = 0;  ///< In devices, >= 0.
  double speed = 0;  ///< >= 0.
};

/// One device whose compute is shared.
struct Device {
  std::string id = "cpu";
  double capacity = 1;  ///< In devices, > 0: 1 is one whole device, 3 a pool of three that a job may straddle.
  double memory_mb = std::numeric_limits<double>::infinity();  ///< For retraining jobs, in MB, > 0; a hard limit.
  std::vector<CurvePoint> throughput{};  ///< Measured, shares ascending; empty: speed = share. See throughput.h.
};

/// The way to a cloud that retrains; see policy `cloud`.
struct Cloud {
  double uplink_mbps = 0;    ///< Shared by all streams, > 0.
  double downlink_mbps = 0;  ///< Shared by all streams, > 0.
  double delay_s = 0;        ///< Of the retraining there, and of the line, >= 0.
};

/// One window to plan. See docs/algorithms/scheduling.md; JSON schema in docs/problem.schema.json.
struct Problem {
  double window_s = 0;        ///< What is left of the window, in seconds, > 0.
  double quantum = 0.1;       ///< δ, the smallest share handed out, in devices, in (0, 1].
  double min_accuracy = 0.4;  ///< a_min of every stream without its own.
  double kappa = 0;           ///< Plan on mean − kappa · deviation of each estimate, >= 0; see pessimistic().
  std::vector<Device> devices{Device{}};  ///< At least one; ids are unique.
  std::vector<Stream> streams;
  std::optional<Cloud> cloud;
};

/// What one stream gets from `begin_s` on, until its next phase or the window's end.
struct Phase {
  double begin_s = 0;            ///< Since the plan's start; the first phase begins at 0, later ones ascend.
  std::string inference_config;  ///< Empty: none fits, the stream runs on what its share allows.
  double inference_share = 0;    ///< In devices.
  double retraining_share = 0;   ///< In devices.
};

/// A model that replaces the live one without a job on these devices: a stored one, or one that a cloud retrained.
struct Delivery {
  double at_s = 0;      ///< Since the plan's start, >= 0.
  double accuracy = 0;  ///< From then on, in [0, 1].
};

/// What one stream gets. A job completes where its share has done its work; a phase usually begins there.
struct StreamPlan {
  std::string id;
  std::string inference_config;   ///< Of the first phase. Empty: none fits, the stream runs on what its share allows.
  std::string retraining_config;  ///< Empty: no retraining in this window. Its share is 0 while it waits its turn.
  double inference_share = 0;     ///< Of the first phase, in devices.
  double labelling_share = 0;     ///< In devices, for the whole window.
  double retraining_share = 0;    ///< Of the first phase, in devices.
  double expected_accuracy = 0;   ///< Averaged over the window, in [0, 1].
  std::string device;             ///< Of inference and labelling.
  std::string retraining_device;  ///< Empty: no retraining.
  std::vector<Phase> phases;      ///< Empty: the first phase is all there is.
  std::optional<Delivery> delivery{};
};

/// A plan for one window: shares on a device sum to at most its capacity at any time, streams in the problem's order.
struct Plan {
  std::string policy;
  std::vector<StreamPlan> streams;
  double mean_accuracy = 0;                ///< Weighted mean of the streams' expected_accuracy.
  double upper_bound = 1;                  ///< No plan for this problem has a higher mean_accuracy, see upper_bound().
  std::vector<std::string> floors_missed;  ///< Streams whose a_min is not held from the plan's start on.
  double decision_s = 0;                   ///< Filled by the caller that owns a clock.
};

/// Errors: kInvalidArgument that names the place, e.g. `streams[2].retraining[0].work_s: -1 is not > 0`.
/// Also refuses NaN, duplicate ids, an unknown `running` and unknown devices.
Status validate(const Problem& problem);

/// Checks that a plan answers the problem: same streams, configs and devices that exist, shares >= 0 that sum to at
/// most each device's capacity in every phase, memory of the jobs that have begun and not ended within the device's.
Status validate(const Problem& problem, const Plan& plan);

/// Compute of all devices, in devices.
double total_capacity(const Problem& problem);

/// a_min of a stream: its own or the problem's.
double floor_of(const Problem& problem, const Stream& stream);

/// The problem with each estimate made worse by kappa deviations (accuracy down, work up), and kappa 0.
Problem pessimistic(const Problem& problem);

/// The phases of a plan; one where it has none.
std::vector<Phase> phases_of(const StreamPlan& plan);

/// The stream's retraining config of that id, or null.
const RetrainingConfig* config_named(const Stream& stream, const std::string& id);

/// The stream's inference config of that id, or null.
const InferenceConfig* inference_named(const Stream& stream, const std::string& id);

/// Index of the device with that id, or -1.
int device_index(const Problem& problem, const std::string& id);

}  // namespace ekya::scheduler
