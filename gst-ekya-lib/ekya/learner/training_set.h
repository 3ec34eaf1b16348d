// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/sample_store.h"

namespace ekya::learner {

struct TrainingSetOptions {
  int max_recent = 400;     ///< Of this window and the one before, newest first.
  int max_exemplars = 200;  ///< Of earlier windows, spread over the classes, against forgetting.
};

/// Reads what a job trains on. Newer crops weigh more (half as much every 150
/// crops, no less than 0.3), so that a changed scene is learned before it fills the store. Errors: those of the store;
/// kInvalidArgument, in words fit for a status line, when there are fewer than `fewest` crops or just one class.
Result<LabelledCrops> load_training_set(SampleStore& store, const std::vector<std::string>& labels, int size,
                                        std::uint64_t window, int fewest, const TrainingSetOptions& options = {});

/// Part of the crops, (0, 1], at least one of them, taken evenly over their order.
LabelledCrops thinned(const LabelledCrops& crops, double fraction);

/// Held-back crops of windows before `first_recent`, for the gate, spread over the classes; may be empty.
Result<LabelledCrops> load_earlier_held_back(SampleStore& store, const std::vector<std::string>& labels, int size,
                                             std::uint64_t first_recent);

}  // namespace ekya::learner
