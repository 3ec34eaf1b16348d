// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/results.h"

#include <gst/ekya/gstekyameta.h>

#include <algorithm>

namespace ekya::gst::infer {
namespace {

constexpr double kSameObject = 0.3;  // IoU

/// Position of the only item with that id; -1 where none or several have it. 0 is no id: most elements leave it there.
template <typename Items, typename Id>
int only_with_id(const Items& items, gint id, Id id_of) {
  int found = -1;
  if (id == 0) return found;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (id_of(items[i]) != id) continue;
    if (found >= 0) return -1;
    found = static_cast<int>(i);
  }
  return found;
}

gint region_id(const Region& region) { return region.meta->id; }
gint finding_id(const Finding& finding) { return finding.id; }

int best_overlap(const device::Rect& rect, const std::vector<Finding>& findings, const std::vector<bool>& taken) {
  int best = -1;
  double best_iou = kSameObject;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const double overlap = taken[i] ? 0 : iou(rect, findings[i].rect);
    if (overlap < best_iou || (best >= 0 && overlap == best_iou)) continue;
    best = static_cast<int>(i);
    best_iou = overlap;
  }
  return best;
}

}  // namespace

std::vector<int> match(const std::vector<Region>& regions, const std::vector<Finding>& findings) {
  std::vector<int> matches(regions.size(), -1);
  std::vector<bool> taken(findings.size());
  for (std::size_t i = 0; i < regions.size(); ++i) {
    const gint id = region_id(regions[i]);
    if (only_with_id(regions, id, region_id) < 0) continue;
    matches[i] = only_with_id(findings, id, finding_id);
    if (matches[i] >= 0) taken[matches[i]] = true;
  }
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (matches[i] >= 0) continue;
    matches[i] = best_overlap(regions[i].rect, findings, taken);
    if (matches[i] >= 0) taken[matches[i]] = true;
  }
  return matches;
}

double disagreement(const std::vector<Finding>& carried, const std::vector<Finding>& fresh) {
  if (fresh.empty()) return 0;
  std::vector<bool> taken(carried.size());
  std::size_t wrong = 0;
  for (const Finding& finding : fresh) {
    int before = only_with_id(carried, only_with_id(fresh, finding.id, finding_id) < 0 ? 0 : finding.id, finding_id);
    if (before < 0) before = best_overlap(finding.rect, carried, taken);
    if (before >= 0) taken[before] = true;
    if (before < 0 || carried[before].label != finding.label) ++wrong;
  }
  return static_cast<double>(wrong) / static_cast<double>(fresh.size());
}

void attach_classification(GstVideoRegionOfInterestMeta* region, const Finding& finding, const Findings& all) {
  gst_ekya_region_set_param(
      region, gst_structure_new(GST_EKYA_PARAM_CLASSIFICATION, "label", G_TYPE_STRING, finding.label.c_str(),
                                "label_id", G_TYPE_INT, finding.label_id, "confidence", G_TYPE_DOUBLE,
                                finding.confidence, "model_name", G_TYPE_STRING, all.model_name.c_str(), "generation",
                                G_TYPE_UINT64, static_cast<guint64>(all.generation), "carried", G_TYPE_BOOLEAN,
                                static_cast<gboolean>(all.carried()), "age", G_TYPE_UINT, all.age, nullptr));
}

void attach_detection(GstBuffer* buffer, const Finding& finding, const Findings& all) {
  const device::Rect& r = finding.rect;
  auto* region = gst_buffer_add_video_region_of_interest_meta(buffer, finding.label.c_str(), static_cast<guint>(r.x),
                                                              static_cast<guint>(r.y), static_cast<guint>(r.width),
                                                              static_cast<guint>(r.height));
  region->id = finding.id;
  const double width = finding.frame.width, height = finding.frame.height;
  gst_ekya_region_set_param(
      region,
      gst_structure_new(GST_EKYA_PARAM_DETECTION, "label", G_TYPE_STRING, finding.label.c_str(), "label_id", G_TYPE_INT,
                        finding.label_id, "confidence", G_TYPE_DOUBLE, finding.confidence, "x_min", G_TYPE_DOUBLE,
                        r.x / width, "y_min", G_TYPE_DOUBLE, r.y / height, "x_max", G_TYPE_DOUBLE,
                        (r.x + r.width) / width, "y_max", G_TYPE_DOUBLE, (r.y + r.height) / height, "model_name",
                        G_TYPE_STRING, all.model_name.c_str(), "carried", G_TYPE_BOOLEAN,
                        static_cast<gboolean>(all.carried()), "age", G_TYPE_UINT, all.age, nullptr));
}

Region frame_region(GstBuffer* buffer, int width, int height) {
  static const GQuark type = g_quark_from_static_string(GST_EKYA_ROI_FRAME);
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    if (region->roi_type == type) return {region, {0, 0, width, height}};
  }
  auto* region = gst_buffer_add_video_region_of_interest_meta_id(buffer, type, 0, 0, static_cast<guint>(width),
                                                                 static_cast<guint>(height));
  return {region, {0, 0, width, height}};
}

}  // namespace ekya::gst::infer
