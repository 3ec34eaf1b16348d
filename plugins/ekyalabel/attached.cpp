// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/attached.h"

#include <gst/ekya/gstekyameta.h>

#include <algorithm>

namespace ekya::gst::label {
namespace {

double confidence_of(const GstStructure* param) {
  double confidence = 1;
  const bool is_usable =
      gst_structure_get_double(param, "confidence", &confidence) && confidence >= 0 && confidence <= 1;
  return is_usable ? confidence : 1;
}

bool is_ours(const GstStructure* param) {
  return gst_structure_has_name(param, GST_EKYA_PARAM_CLASSIFICATION) && gst_structure_has_field(param, "generation");
}

// The last parameter of that name with a label that our student did not make.
const GstStructure* last_foreign(const GstVideoRegionOfInterestMeta& region, const char* name) {
  const GstStructure* last = nullptr;
  for (const GList* item = region.params; item; item = item->next) {
    const auto* param = static_cast<const GstStructure*>(item->data);
    if (gst_structure_has_name(param, name) && gst_structure_get_string(param, "label") && !is_ours(param))
      last = param;
  }
  return last;
}

template <typename Visit>
void for_each_region(GstBuffer* buffer, const Visit& visit) {
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))
    visit(reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta));
}

GQuark frame_type() { return g_quark_from_static_string(GST_EKYA_ROI_FRAME); }

}  // namespace

std::optional<Label> attached_label(const GstVideoRegionOfInterestMeta& region, const Rules& rules) {
  for (const char* name : {GST_EKYA_PARAM_LABEL, GST_EKYA_PARAM_CLASSIFICATION, GST_EKYA_PARAM_DETECTION}) {
    if (const GstStructure* param = last_foreign(region, name))
      return judge(rules, gst_structure_get_string(param, "label"), confidence_of(param));
  }
  const gchar* type = g_quark_to_string(region.roi_type);
  if (!type || !*type || region.roi_type == frame_type()) return std::nullopt;
  return judge(rules, type, 1);
}

double least_confidence(GstBuffer* buffer) {
  double least = 1;
  for_each_region(buffer, [&](const GstVideoRegionOfInterestMeta* region) {
    for (const GList* item = region->params; item; item = item->next) {
      const auto* param = static_cast<const GstStructure*>(item->data);
      if (gst_structure_has_name(param, GST_EKYA_PARAM_CLASSIFICATION)) least = std::min(least, confidence_of(param));
    }
  });
  return least;
}

GstVideoRegionOfInterestMeta* frame_region(GstBuffer* buffer) {
  GstVideoRegionOfInterestMeta* found = nullptr;
  for_each_region(buffer, [&](GstVideoRegionOfInterestMeta* region) {
    if (!found && region->roi_type == frame_type()) found = region;
  });
  return found;
}

void attach(GstVideoRegionOfInterestMeta* region, const Label& label, const char* source) {
  gst_ekya_region_set_param(
      region, gst_structure_new(GST_EKYA_PARAM_LABEL, "label", G_TYPE_STRING, label.label.c_str(), "confidence",
                                G_TYPE_DOUBLE, label.confidence, "source", G_TYPE_STRING, source, "doubtful",
                                G_TYPE_BOOLEAN, static_cast<gboolean>(label.is_doubtful), nullptr));
}

}  // namespace ekya::gst::label
