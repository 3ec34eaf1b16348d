// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/model.h"

namespace ekya::learner {

/// Crops that are classified at a time: short enough to stop between two of them.
inline constexpr int kEvaluationBatch = 16;

/// What a classifier reads of crops [count, input_size, input_size, 3], RGB bytes: [count, 3, input_size, input_size],
/// normalised. `pixels` holds that many.
std::vector<float> model_input(const ModelInfo& info, std::span<const std::uint8_t> pixels, int count);

/// The likeliest class of each crop. pixels: [count, input_size, input_size, 3], RGB bytes.
/// Errors: those of classify(); kInternal when it gives too few numbers or one that is not finite.
Result<std::vector<int>> answer(const Classifier& classifier, std::span<const std::uint8_t> pixels, int count);

}  // namespace ekya::learner
