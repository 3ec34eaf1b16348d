// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>

#include "ekya/device/preprocess.h"

namespace ekya::gst::label {

/// A frame in few points, to tell whether the scene has changed: luma, or green, of a grid of 32 × 24 pixels.
using Thumbnail = std::array<std::uint8_t, 32 * 24>;

/// `image` has passed device::check(). Reads 768 bytes, whatever the size: cheap enough for a streaming thread.
Thumbnail take_thumbnail(const device::ImageView& image);

/// Mean absolute difference of the points, 0..255.
double difference(const Thumbnail& a, const Thumbnail& b);

}  // namespace ekya::gst::label
