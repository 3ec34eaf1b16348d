// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/device/preprocess.h"

namespace ekya::drift {

/// What a picture looks like in three numbers that light, weather and lens change.
struct FrameLook {
  double brightness = 0;  ///< Mean of grey, in [0, 1].
  double contrast = 0;    ///< Standard deviation of grey, in [0, 0.5].
  double sharpness = 0;   ///< log2 of the mean squared gradient over the variance of grey: about -12 (flat) to 2.
};

/// `image` has passed device::check(). Reads some 2300 bytes on a grid of 32 x 24 points, whatever the size; a gradient
/// is between pixels 1/360 of the height apart. Luma, or green where there is none.
FrameLook look_at(const device::ImageView& image);

}  // namespace ekya::drift
