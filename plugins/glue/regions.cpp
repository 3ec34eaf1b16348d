// SPDX-License-Identifier: LGPL-2.1-or-later
#include "glue/regions.h"

#include <gst/ekya/gstekyameta.h>

#include <algorithm>
#include <cstdint>

namespace ekya::gst {

device::Rect clipped_rect(const GstVideoRegionOfInterestMeta& meta, int width, int height) {
  // Fields of the meta are unsigned and unchecked: 64 bits hold every sum of two.
  const auto cut = [](std::uint64_t at, int end) {
    return static_cast<int>(std::min<std::uint64_t>(at, static_cast<std::uint64_t>(std::max(end, 0))));
  };
  const int left = cut(meta.x, width), right = cut(std::uint64_t{meta.x} + meta.w, width);
  const int top = cut(meta.y, height), bottom = cut(std::uint64_t{meta.y} + meta.h, height);
  return {left, top, right - left, bottom - top};
}

std::vector<Region> object_regions(GstBuffer* buffer, int width, int height) {
  static const GQuark frame_type = g_quark_from_static_string(GST_EKYA_ROI_FRAME);
  std::vector<Region> regions;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    if (region->roi_type == frame_type) continue;
    const device::Rect rect = clipped_rect(*region, width, height);
    if (rect.width > 0 && rect.height > 0) regions.push_back({region, rect});
  }
  return regions;
}

bool is_of_class(const GstVideoRegionOfInterestMeta& meta, std::string_view name) {
  const gchar* type = g_quark_to_string(meta.roi_type);
  if (type && name == type) return true;
  for (const GList* item = meta.params; item; item = item->next) {
    const auto* param = static_cast<const GstStructure*>(item->data);
    if (!gst_structure_has_name(param, GST_EKYA_PARAM_DETECTION)) continue;
    const gchar* label = gst_structure_get_string(param, "label");
    if (label && name == label) return true;
  }
  return false;
}

double iou(const device::Rect& a, const device::Rect& b) {
  const auto overlap = [](int a_from, int a_length, int b_from, int b_length) {
    const std::int64_t from = std::max(a_from, b_from);
    const std::int64_t to = std::min(std::int64_t{a_from} + a_length, std::int64_t{b_from} + b_length);
    return static_cast<double>(std::max<std::int64_t>(0, to - from));
  };
  const double shared = overlap(a.x, a.width, b.x, b.width) * overlap(a.y, a.height, b.y, b.height);
  const double total = double(a.width) * a.height + double(b.width) * b.height - shared;
  return total > 0 ? shared / total : 0;
}

}  // namespace ekya::gst
