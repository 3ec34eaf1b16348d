// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/scheduler/problem.h"

namespace ekya::sim {

/// A retraining config as the planner believes it, and as it truly is.
struct TrueConfig {
  scheduler::RetrainingConfig believed;
  double work_s = 0;    ///< True device-seconds at share 1, > 0.
  double accuracy = 0;  ///< True accuracy after it on what the camera shows then, in [0, 1].
};

/// What changes for a stream in one window.
struct StreamWindow {
  double drop = 0;             ///< By how much drift lowers the live model's accuracy, in [-1, 1]; it stays in [0, 1].
  double drop_at_s = 0;        ///< Since the window's begin, in [0, window_s).
  double cached_accuracy = 0;  ///< Of the best stored model in this window, in [0, 1]; 0: there is none.
  std::vector<TrueConfig> retraining;
};

/// One camera over all windows.
struct ScenarioStream {
  std::string id;
  double accuracy = 0;  ///< Of the live model before the first window's drop, in [0, 1].
  double weight = 1;
  std::optional<double> min_accuracy;
  double labelling_demand = 0;
  double upload_mbit = 0, model_mbit = 0;
  std::vector<scheduler::InferenceConfig> inference;
  std::vector<StreamWindow> windows;
};

/// Windows of an edge box, one after another, with everything that will happen in them. The fields of a problem mean
/// here what they mean there.
struct Scenario {
  double window_s = 200;
  double quantum = 0.1;
  double min_accuracy = 0.4;
  double kappa = 0;
  double label_delay_s = 0;  ///< From a drop to the first labels that show it, in [0, window_s).
  double swap_delay_s = 0;   ///< From a job's end until its model answers, in [0, window_s).
  std::vector<scheduler::Device> devices{scheduler::Device{}};
  std::optional<scheduler::Cloud> cloud;
  std::vector<ScenarioStream> streams;

  std::size_t windows() const { return streams.empty() ? 0 : streams.front().windows.size(); }
};

/// Errors: kInvalidArgument that names the place, e.g. `streams[2].windows[0].drop: 3 is not in [-1, 1]`. At least one
/// stream and one window; all streams have the same number of windows.
Status validate(const Scenario& scenario);

/// One window as a problem, each stream with `accuracy` [streams] at its begin and the drop left out.
scheduler::Problem problem_of(const Scenario& scenario, std::size_t window, const std::vector<double>& accuracy,
                              bool believed);

/// Whether nothing happens within a window but what a plan does: a single window, no delay, drops at the begin.
bool is_one_problem(const Scenario& scenario);

}  // namespace ekya::sim
