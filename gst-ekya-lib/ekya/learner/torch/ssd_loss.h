// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "ekya/learner/ssd_coding.h"

namespace ekya::learner {

/// MultiBox loss of raw rows [N, boxes, 4 + 1 + labels]: smooth L1 of the offsets of the matched rows, cross-entropy of
/// their classes, and of the background on the worst of the other rows, three for each matched one ("hard negative
/// mining"). Divided by the number of matched rows. An image without an object has three such rows, so that it teaches
/// too; torchvision takes none from it.
/// Source: Liu et al., ECCV 2016, section 2.2; smooth L1 with its bend at 1, as torchvision's.
at::Tensor ssd_loss(const at::Tensor& outputs, std::span<const DefaultBox> boxes,
                    std::span<const std::vector<LabelledBox>> truth);

}  // namespace ekya::learner
