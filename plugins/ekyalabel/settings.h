// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib-object.h>

#include <string>

namespace ekya::gst::label {

enum Task { kTaskAuto, kTaskClassify, kTaskDetect, kTaskMetadata };
enum SamplingMode { kSamplingUniform, kSamplingDoubtful, kSamplingChanged };
enum LabelAgreement { kAgreementNone, kAgreementFlip, kAgreementTrack };
enum InferenceRegion { kRegionRoiList, kRegionFullFrame };

GType task_type();
GType sampling_type();
GType label_agreement_type();
GType inference_region_type();

/// The properties; the only place of their defaults.
struct Settings {
  std::string model_file, labels_file;
  bool allow_torchscript = false;
  gint task = kTaskAuto;
  std::string stream_id = "camera0";
  gdouble sample_rate = 2;
  gint sampling = kSamplingUniform;
  gdouble label_budget = 0;
  std::string label_map;
  gdouble threshold = 0.5, doubtful_threshold = 0.3, match_iou = 0.3;
  gint label_agreement = kAgreementNone;
  gint inference_region = kRegionRoiList;
  bool add_regions = false;
  guint max_queue = 4;
  gdouble stall_timeout = 5;
  bool drift_detection = true;
};

}  // namespace ekya::gst::label
