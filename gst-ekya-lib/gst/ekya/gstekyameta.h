/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_EKYA_META_H__
#define __GST_EKYA_META_H__

#include <gst/ekya/ekya-prelude.h>
#include <gst/video/gstvideometa.h>

G_BEGIN_DECLS

/* Regions are GstVideoRegionOfInterestMeta: upstream detectors put them there, any tracker or encoder reads them, and
 * they survive conversion and scaling. What we know of a region is a parameter structure on it:
 *
 *   "classification"  by ekyainfer: label (string), label_id (int), confidence (double), model_name (string),
 *                     generation (uint64), carried (boolean), age (uint, frames since it was computed)
 *   "detection"       by ekyainfer task=detect: label, label_id, confidence, x_min, y_min, x_max, y_max (0..1), model_name
 *   "ekya-label"      by ekyalabel: label (string), confidence (double), source (string: golden | metadata), doubtful (boolean)
 *   "ekya-truth"      by ekyatestsrc: label (string), label_id (int). Only measuring code reads it.
 *
 * A whole-frame result is a region of roi type "frame" that covers the frame. */
#define GST_EKYA_PARAM_CLASSIFICATION "classification"
#define GST_EKYA_PARAM_DETECTION "detection"
#define GST_EKYA_PARAM_LABEL "ekya-label"
#define GST_EKYA_PARAM_TRUTH "ekya-truth"
#define GST_EKYA_ROI_FRAME "frame"

/* (transfer none) (nullable): the last parameter of that name on the region. */
GST_EKYA_API
GstStructure *gst_ekya_region_get_param (GstVideoRegionOfInterestMeta * region, const gchar * name);

/* Puts @param on the region in place of one of the same name. @param: (transfer full). */
GST_EKYA_API
void gst_ekya_region_set_param (GstVideoRegionOfInterestMeta * region, GstStructure * param);

G_END_DECLS

#endif /* __GST_EKYA_META_H__ */
