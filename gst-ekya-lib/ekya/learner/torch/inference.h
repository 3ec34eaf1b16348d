// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

#include "ekya/learner/model.h"

namespace ekya::learner {

/// A model as a function from images [n, 3, size, size] to logits [n, labels].
using Forward = std::function<at::Tensor(const at::Tensor& images)>;

/// Runs `forward` on crops [count, 3, size, size] without a graph and turns logits into probabilities [count, labels].
/// Throws Refused for crops of another size and a result of a wrong shape or with a value that is not finite.
std::vector<float> probabilities(const ModelInfo& info, std::span<const float> crops, int count,
                                 const Forward& forward);

/// Runs `forward`, a trunk, on crops as above; gives [count, F]. Throws as above.
std::vector<float> features_of(const ModelInfo& info, std::span<const float> crops, int count, const Forward& forward);

/// Runs it once on zeros, so that the first real frame is not the one that finds a fault. Throws as above.
void warm_up(const ModelInfo& info, const Forward& forward);

}  // namespace ekya::learner
