// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <functional>
#include <string>

#include "meter.h"

namespace ekya::demo {

/// One camera of the demo: what the launch line says of it.
struct CameraSpec {
  std::string id;
  std::string title;   ///< For the report.
  std::string source;  ///< Properties of ekyatestsrc.
  double drift_begin_s = 0, drift_end_s = 0;
};

/// Weights files.
struct Models {
  std::string student, golden;
};

/// The camera's part of the launch line. Elements are named `<what>-<id>`.
std::string launch_line(const CameraSpec& camera, const Models& models, const std::string& state_folder);

/// Saves pictures for the report: a frame with its regions, or a labelled crop.
using SavePicture = std::function<void(const CameraSpec&, GstBuffer*, const GstVideoInfo&)>;

/// Hangs the probes that measure on a camera's elements in the pipeline. They read the truth, which the elements never
/// do. `meter` and `save_*` must outlive the pipeline; save_* are called from streaming threads.
void watch(GstElement* pipeline, const CameraSpec& camera, Meter& meter, SavePicture save_frame,
           SavePicture save_crops);

}  // namespace ekya::demo
