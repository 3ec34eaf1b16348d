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

/// A stretch of time in which what a camera sees stays the same, until its next scene.
struct Scene {
  double begin_s = 0;          ///< Since the first window's begin, >= 0.
  double drop = 0;             ///< By how much drift lowers the live model's accuracy, in [-1, 1]; it stays in [0, 1].
  double cached_accuracy = 0;  ///< Of the best stored model, in [0, 1]; 0: there is none.
  std::vector<TrueConfig> retraining;  ///< What the scene's labels allow, once; empty: they allow nothing new.
};

/// One camera over all windows.
struct ScenarioStream {
  std::string id;
  double accuracy = 0;  ///< Of the live model before the first scene's drop, in [0, 1].
  double weight = 1;
  std::optional<double> min_accuracy;
  double labelling_demand = 0;
  double upload_mbit = 0, model_mbit = 0;
  std::vector<scheduler::InferenceConfig> inference;
  std::vector<Scene> scenes;  ///< At least one; the first begins at 0, the others later and later.
};

/// Windows of an edge box, one after another, with everything that will happen in them. The fields of a problem mean
/// here what they mean there.
struct Scenario {
  double window_s = 200;
  int windows = 1;
  double quantum = 0.1;
  double min_accuracy = 0.4;
  double kappa = 0;
  double label_delay_s = 0;  ///< From a scene's begin to its first labels, in [0, window_s).
  double swap_delay_s = 0;   ///< From a job's end until its model answers, in [0, window_s).
  std::vector<scheduler::Device> devices{scheduler::Device{}};
  std::optional<scheduler::Cloud> cloud;
  std::vector<ScenarioStream> streams;
};

/// Errors: kInvalidArgument that names the place, e.g. `streams[2].scenes[0].drop: 3 is not in [-1, 1]`. There is at
/// least one stream.
Status validate(const Scenario& scenario);

/// The streams' first scenes as a problem, as believed or as they are.
scheduler::Problem problem_of(const Scenario& scenario, bool believed);

/// Whether nothing happens but what a plan does: a single window, a single scene for each stream, no delay.
bool is_one_problem(const Scenario& scenario);

}  // namespace ekya::sim
