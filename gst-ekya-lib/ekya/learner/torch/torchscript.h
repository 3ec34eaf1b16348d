// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "ekya/learner/model.h"

namespace ekya::learner {

// TorchScript is a program: the caller has run check_torchscript() on the file and its user has opted in.

/// Throws what LibTorch throws, and Refused for tensors of `retrained` that the module does not have.
std::shared_ptr<const Classifier> open_torchscript_classifier(const std::string& path, const ModelInfo& info,
                                                              const WeightsFile* retrained);
std::shared_ptr<const Detector> open_torchscript_detector(const std::string& path, const DetectorInfo& info);

/// Null if `from` is no TorchScript classifier.
std::unique_ptr<TrainingJob> train_torchscript(const Classifier& from, const LabelledCrops& data,
                                               const TrainOptions& options);

}  // namespace ekya::learner
