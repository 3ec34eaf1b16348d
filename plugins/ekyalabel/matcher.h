// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <vector>

#include "ekya/device/preprocess.h"

namespace ekya::gst::label {

/// Finds for each region the golden box that is the same object: pairs by falling intersection over union, each box and
/// each region once, none below `min_iou` (0..1). Gives indices into `boxes`, shape [regions], -1 for no box. Of equal
/// pairs the one with the lower indices goes first, so boxes sorted by falling confidence favour the surer one.
/// Cost: O(p log p) for p = regions × boxes.
std::vector<int> match_boxes(std::span<const device::Rect> regions, std::span<const device::Rect> boxes,
                             double min_iou);

}  // namespace ekya::gst::label
