// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "ekya/learner/yolo_coding.h"

namespace ekya::learner {

/// YOLOv3's loss of raw rows [N, priors, 5 + labels]: over the rows that have to find an object, binary cross-entropy
/// of the offsets and of each class and half the squared error of the logarithmic sizes, offsets and sizes weighted by
/// 2 - width × height; over all rows that are not left open, binary cross-entropy of the objectness. Divided by the
/// number of truth boxes in the batch (at least 1), so that a crowded frame asks for no other learning rate.
/// Squared error of the sizes is what was published; GIoU came after it.
/// Source: Redmon and Farhadi, 2018, sections 2.1 and 2.2; weights of sizes from darknet's yolo_layer.c.
at::Tensor yolo_loss(const at::Tensor& outputs, std::span<const YoloPrior> priors,
                     std::span<const std::vector<LabelledBox>> truth);

}  // namespace ekya::learner
