// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <string_view>
#include <vector>

#include "ekya/device/preprocess.h"

namespace ekya::gst {

/// A region of interest of a buffer. `meta` belongs to the buffer and dies with it.
struct Region {
  GstVideoRegionOfInterestMeta* meta = nullptr;
  device::Rect rect;  ///< In pixels, the part inside the frame; at least one pixel.
};

/// The part of a region that lies in a frame of width × height pixels; width or height is 0 where nothing does.
device::Rect clipped_rect(const GstVideoRegionOfInterestMeta& meta, int width, int height);

/// Regions that are objects, in the order in which they were attached: all but those of roi type "frame" (results for
/// the whole frame) and those without a pixel inside the frame.
std::vector<Region> object_regions(GstBuffer* buffer, int width, int height);

/// Whether the region's roi type, or the label of a "detection" parameter on it, is `name`.
bool is_of_class(const GstVideoRegionOfInterestMeta& meta, std::string_view name);

/// Area of the intersection over area of the union, in [0, 1]; 0 where both are empty.
double iou(const device::Rect& a, const device::Rect& b);

}  // namespace ekya::gst
