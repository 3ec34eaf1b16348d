// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "ekya/learner/model.h"
#include "torch_classifier.h"

namespace ekya::learner {

/// Retrains a copy of a network of ours. Throws what Batches throws.
std::unique_ptr<TrainingJob> train_network(const TorchClassifier& from, const LabelledCrops& data,
                                           const TrainOptions& options);

}  // namespace ekya::learner
