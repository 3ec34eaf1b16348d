// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "ekya/learner/model.h"

namespace ekya::learner {

/// Throws Refused for no frame, pixels that do not fit, a box outside the frame or without area, a label or weight out
/// of range, or options out of range.
void check_detection_training(const LabelledFrames& data, const ModelInfo& info, const TrainOptions& options);

/// Frames of a batch, ready for the network, with what is on them.
struct FrameBatch {
  at::Tensor images;                            ///< [n, 3, size, size], normalised.
  std::vector<std::vector<LabelledBox>> truth;  ///< [n]
};

/// `data` has passed check_detection_training(); rows are indices of its frames.
FrameBatch frame_batch(const LabelledFrames& data, std::span<const std::int64_t> rows,
                       const device::Normalisation& normalisation);

/// Turns frame `index` of a batch left to right.
void mirror(FrameBatch& batch, std::int64_t index);

}  // namespace ekya::learner
