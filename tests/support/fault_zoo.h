// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/learner/scene_statistics.h"
#include "support/fault_weights.h"

namespace ekya::testing {

/// A scene of one feature of variance 1.
inline learner::SceneStatistics scene_at(double mean) { return {"image-1", {mean}, {1}, {{"car", 2}, {"bus", 1}}}; }

/// Weights that are told apart by their first bias.
inline learner::WeightsFile weights_with_bias(float bias) {
  learner::WeightsFile file = small_weights();
  file.tensors["fc.bias"] = tensor({2}, {bias, -0.5f});
  return file;
}

}  // namespace ekya::testing
