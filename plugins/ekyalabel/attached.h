// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <optional>

#include "ekyalabel/golden.h"

namespace ekya::gst::label {

/// The label that another element or a human attached to a region: "ekya-label", else "classification" unless our
/// student made it (that has a `generation`), else "detection", else the region's type (not of "frame" regions).
/// Nothing where there is none or the rules drop it. A confidence that is missing or no number in [0, 1] is 1.
std::optional<Label> attached_label(const GstVideoRegionOfInterestMeta& region, const Rules& rules);

/// The student's lowest confidence on the buffer's regions: of the "classification" parameters; 1 where there is none.
double least_confidence(GstBuffer* buffer);

/// The region of type "frame" of the buffer, if any. `buffer` keeps it.
GstVideoRegionOfInterestMeta* frame_region(GstBuffer* buffer);

/// Puts the label on the region as parameter "ekya-label". `source`: golden | metadata. The buffer is writable.
void attach(GstVideoRegionOfInterestMeta* region, const Label& label, const char* source);

}  // namespace ekya::gst::label
