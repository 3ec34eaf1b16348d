// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/ladder.h"
#include "ekya/scheduler/problem.h"
#include "ekya/scheduler/throughput.h"

namespace ekya::scheduler {

/// A problem in the numbers that the phased planner and the bound work on: no names, nothing that cannot be useful.
struct WindowModel {
  /// A retraining config that can pay: more accurate than the live student and not dominated by another in work,
  /// accuracy, width and memory. While a job runs, that job's config alone.
  struct Option {
    double work_s = 0;
    double accuracy = 0;
    double max_share = 1;
    double memory_mb = 0;
    int config = -1;  ///< Index in Stream::retraining.
  };
  struct StreamModel {
    double weight = 1;
    double accuracy = 0;
    double floor = 0;      ///< Instant accuracy that must be held, 0 where none can be.
    double labelling = 0;  ///< In devices.
    Ladder ladder;
    std::vector<Option> options;  ///< Work and accuracy both ascend.
    int device = -1;              ///< Where its inference runs now, or -1.
    int running = -1;             ///< Device of the running job, or -1.

    /// What inference must have to hold the floor, in devices; 0 where there is none.
    double floor_demand() const;
  };
  struct DeviceModel {
    double capacity = 1;
    double memory_mb = 0;
    Throughput throughput;
  };

  explicit WindowModel(const Problem& problem);

  double window_s = 0;
  double weights = 0;  ///< Sum over the streams.
  std::vector<DeviceModel> devices;
  std::vector<StreamModel> streams;
};

}  // namespace ekya::scheduler
