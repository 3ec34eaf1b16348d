// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/window_model.h"

namespace ekya::scheduler {

/// What every stream is to do in the window, and where. Each [streams].
struct Assignment {
  std::vector<int> option;        ///< Index in StreamModel::options, or -1: no retraining.
  std::vector<int> device;        ///< Of inference and labelling.
  std::vector<int> job_device;    ///< Of the retraining.
  std::vector<double> labelling;  ///< Share, in devices.
  std::vector<double> floor;      ///< a_min that is held, or 0.
};

/// No retraining anywhere; inference where `device` says, a running job's device where that is known.
Assignment without_retraining(const WindowModel& model, std::vector<int> device);

/// What a device gives before anything is bid for: first to floors, as many as fit, the cheapest first; then to
/// labelling what is asked for, all scaled down alike to what is left and to kLabellingFraction of the device.
void serve_first(const WindowModel& model, int device, Assignment& assignment);

/// How many floors are held.
int floors_held(const Assignment& assignment);

}  // namespace ekya::scheduler
