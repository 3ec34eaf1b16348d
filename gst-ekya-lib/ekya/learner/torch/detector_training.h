// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "network_detector.h"

namespace ekya::learner {

/// A job that trains a copy of `from`. Throws Refused for data or options that make no sense.
std::unique_ptr<DetectorTrainingJob> start_detector_training(const NetworkDetector& from, const LabelledFrames& data,
                                                             const TrainOptions& options);

}  // namespace ekya::learner
