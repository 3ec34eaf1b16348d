// SPDX-License-Identifier: LGPL-2.1-or-later
#include "labelled_crops.h"

#include <gst/ekya/gstekyameta.h>

#include <cmath>
#include <utility>

#include "glue/frame_view.h"
#include "glue/regions.h"

namespace ekya::gst {
namespace {

struct Labelled {
  device::Rect rect;
  std::string label;
  float confidence = 1;
};

/// Confidence as a weight: a foreign element may have written anything.
float weight_of(const GstStructure* label) {
  double confidence = 1;
  gst_structure_get_double(label, "confidence", &confidence);
  return std::isfinite(confidence) ? static_cast<float>(CLAMP(confidence, 0.01, 1.0)) : 0.01f;
}

std::vector<Labelled> labelled_regions(GstBuffer* buffer, const GstVideoInfo& info) {
  std::vector<Labelled> found;
  gpointer state = nullptr;
  while (auto* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    const GstStructure* param = gst_ekya_region_get_param(region, GST_EKYA_PARAM_LABEL);
    const gchar* label = param ? gst_structure_get_string(param, "label") : nullptr;
    gboolean doubtful = FALSE;
    if (param) gst_structure_get_boolean(param, "doubtful", &doubtful);
    if (!label || doubtful) continue;
    const device::Rect rect = clipped_rect(*region, GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info));
    if (rect.width > 0 && rect.height > 0) found.push_back({rect, label, weight_of(param)});
  }
  return found;
}

}  // namespace

Result<std::vector<learner::NewCrop>> labelled_crops(GstBuffer* buffer, const GstVideoInfo& info, int size) {
  std::vector<learner::NewCrop> crops;
  const std::vector<Labelled> regions = labelled_regions(buffer, info);
  if (regions.empty()) return crops;
  const auto view = FrameView::map(buffer, info);
  if (!view) return view.error();
  for (const Labelled& region : regions) {
    learner::NewCrop crop{region.label, region.confidence, {}};
    crop.pixels.resize(std::size_t{3} * static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    if (Status cut = device::crop_resize(view->image(), region.rect, size, size, crop.pixels); !cut) return cut.error();
    crops.push_back(std::move(crop));
  }
  return crops;
}

}  // namespace ekya::gst
