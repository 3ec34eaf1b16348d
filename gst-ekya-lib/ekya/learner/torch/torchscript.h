// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>

#include "ekya/learner/model.h"

namespace ekya::learner {

// For files that check_torchscript() has passed only; see torchscript_file.h. All throw Refused and what LibTorch
// throws.

/// `retrained` (may be null) replaces tensors by name.
std::shared_ptr<const Classifier> open_torchscript_classifier(const std::string& path, const ModelInfo& info,
                                                              const WeightsFile* retrained);
std::shared_ptr<const Detector> open_torchscript_detector(const std::string& path, const DetectorInfo& info);

}  // namespace ekya::learner
