// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <string>

namespace ekya::gst::infer {

enum class InferenceRegion { kRoiList, kFullFrame };

/// The element's properties; the initialisers are the defaults.
struct Settings {
  std::string model_file;
  std::string labels_file;
  gint task = 0;  ///< Task
  std::string stream_id = "camera0";
  gint inference_region = 0;  ///< InferenceRegion
  std::string object_class;
  guint inference_interval = 1;
  gdouble threshold = -1;
  bool allow_torchscript = false;
  std::string device = "cpu";
  bool drift_detection = true;
};

}  // namespace ekya::gst::infer
