// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/sim/scenario.h"

namespace ekya::sim {

/// One stream in one window.
struct StreamResult {
  double accuracy = 0;  ///< True, averaged over the window, in [0, 1].
  double expected = 0;  ///< What the controller's plans expected.
  double measured =
      std::numeric_limits<double>::quiet_NaN();  ///< What the controller's record says; NaN where nobody reported.
  double below_floor_s = 0;                      ///< Time below a_min.
};

/// What a scenario came to under one policy.
struct Simulated {
  std::vector<std::string> ids;                    ///< [streams].
  std::vector<std::vector<StreamResult>> windows;  ///< [windows][streams].
  double mean_accuracy = 0;                        ///< Weighted mean over streams, over all windows.
  int plans = 0;
  int jobs_done = 0;
  double inference_s = 0, labelling_s = 0, retraining_s = 0;  ///< Device-seconds that were granted and used.
};

/// Runs a scenario through the scheduler's controller on a virtual clock. Each stream has an inference client, a
/// retraining client and, where it wants labels, a labelling client; they talk to the controller as the live elements
/// do. Jobs run at the speed of their granted share on the granted device, end at their true work and report it once a
/// tenth shows that it is off by more than 10 %; accuracies are integrated exactly between events. A stream retrains
/// once for the labels of each scene; a job goes on over a window's end; a job whose grant is taken waits.
///
/// `trace`, where there is one, is called with each line of the trace in the format of `history-file`.
/// Errors: of validate(scenario) and of the controller's options; kInternal where the shares on a device exceed its
/// capacity at some time.
Result<Simulated> simulate(const Scenario& scenario, const std::string& policy,
                           const std::function<void(const std::string&)>& trace = {});

}  // namespace ekya::sim
