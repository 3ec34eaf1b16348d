// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "ekya/base/sha256.h"
#include "ekya/learner/model.h"

namespace ekya::learner {

/// Adds what of a model's description decides on its features: architecture, width, input size, normalisation.
void add_description(Sha256& hash, const ModelInfo& info);

/// Classifier::trunk_hash() of a weights file whose head's tensors are named `head`.something.
std::string trunk_hash(const ModelInfo& info, const WeightsFile& file, const std::string& head);

}  // namespace ekya::learner
