// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "trainee.h"

namespace ekya::learner {

/// A job that trains a copy of `from`. Throws Refused for data or options that make no sense.
std::unique_ptr<TrainingJob> start_training(const TorchClassifier& from, const LabelledCrops& data,
                                            const TrainOptions& options);

}  // namespace ekya::learner
