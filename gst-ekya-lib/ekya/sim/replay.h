// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/sim/scenario.h"
#include "ekya/sim/simulate.h"
#include "ekya/sim/trace.h"

namespace ekya::sim {

/// A recorded trace as a scenario, with what was measured in it.
struct Recording {
  std::string policy;  ///< That made the plans.
  Scenario scenario;
  std::vector<std::vector<double>> measured;  ///< [windows][streams] as in the scenario; NaN where nobody measured.
};

/// Makes a scenario of a trace: the windows that it closes, the devices and streams of its plans' problems, and scenes
/// from what the clients told. A reported accuracy that differs from the one before is drift. A job's work is what its
/// grants gave it from the request that told of it to its `job-done`, its accuracy what that request told. A config
/// that nobody ran is taken to be what was believed. Every stream is there from the first window to the last.
/// Errors: kInvalidArgument where no window closes, windows differ in length, or no plan carries its problem.
Result<Recording> recording_of(const std::vector<TraceEntry>& trace);

/// How far a simulation of a recording lies from what was measured: both as the controller's record tells them, which
/// is the time's mean of the last reported accuracy times the inference config's factor.
struct Agreement {
  double mean_of_windows = 0;          ///< Mean over the windows of |mean over the streams, simulated less measured|.
  double mean_of_streams = 0;          ///< Mean over windows and streams of |simulated less measured|.
  double measured = 0, simulated = 0;  ///< Means over all windows and streams that were measured.
  int windows = 0, results = 0;        ///< That were measured.
};
Agreement agreement(const Recording& recording, const Simulated& simulated);

}  // namespace ekya::sim
