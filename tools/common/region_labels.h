// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/ekya.h>
#include <gst/video/video.h>

#include <string>

namespace ekya::tools {

/// The label that parameter `name` of a region holds; empty where there is none.
inline std::string label_of(GstVideoRegionOfInterestMeta* region, const char* name) {
  const GstStructure* param = gst_ekya_region_get_param(region, name);
  const char* label = param ? gst_structure_get_string(param, "label") : nullptr;
  return label ? label : "";
}

template <typename Visit>
void for_each_region(GstBuffer* buffer, Visit visit) {
  gpointer state = nullptr;
  while (auto* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))
    visit(reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta));
}

}  // namespace ekya::tools
