// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:gstekyameta
 * @title: Region parameters
 * @short_description: what the elements write on regions of interest
 */
#include "gstekyameta.h"

/**
 * gst_ekya_region_get_param:
 * @region: a region of interest
 * @name: the parameter's name
 *
 * Returns: (transfer none) (nullable): the last parameter of that name on the region
 */
GstStructure* gst_ekya_region_get_param(GstVideoRegionOfInterestMeta* region, const gchar* name) {
  g_return_val_if_fail(region && name, nullptr);
  GstStructure* last = nullptr;
  for (GList* item = region->params; item; item = item->next)
    if (gst_structure_has_name(static_cast<GstStructure*>(item->data), name))
      last = static_cast<GstStructure*>(item->data);
  return last;
}

/**
 * gst_ekya_region_set_param:
 * @region: a region of interest on a writable buffer
 * @param: (transfer full): the parameter
 *
 * Puts @param on the region in place of those with the same name.
 */
void gst_ekya_region_set_param(GstVideoRegionOfInterestMeta* region, GstStructure* param) {
  g_return_if_fail(region && param);
  for (GList* item = region->params; item;) {
    GList* next = item->next;
    auto* structure = static_cast<GstStructure*>(item->data);
    if (gst_structure_has_name(structure, gst_structure_get_name(param))) {
      gst_structure_free(structure);
      region->params = g_list_delete_link(region->params, item);
    }
    item = next;
  }
  gst_video_region_of_interest_meta_add_param(region, param);
}
