// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ekya/device/preprocess.h"
#include "glue/regions.h"

namespace ekya::gst::infer {

/// What the model said of one region.
struct Finding {
  gint id = 0;           ///< Of the region; 0: its element gave it none.
  device::Rect rect;     ///< Where the region was last seen, in pixels.
  device::Rect frame{};  ///< Detections: size of the frame that `rect` lies in.
  int label_id = 0;
  std::string label;
  double confidence = 0;  ///< In [0, 1].
};

/// The findings of one frame, all of one model.
struct Findings {
  std::vector<Finding> items;
  std::string model_name;
  std::uint64_t generation = 0;
  guint age = 0;  ///< Frames since they were computed.

  bool carried() const { return age > 0; }
};

/// For each of `regions` the finding that belongs to it, or -1: the same id where both sides have it once, else the
/// largest overlap of at least 0.3. A finding belongs to one region at most.
std::vector<int> match(const std::vector<Region>& regions, const std::vector<Finding>& findings);

/// Share of `fresh` findings that `carried` would have got wrong: another label, or nothing in that place. [0, 1].
/// Source: what a frame shows that carries results instead of computing them.
double disagreement(const std::vector<Finding>& carried, const std::vector<Finding>& fresh);

/// Writes the "classification" parameter of a region.
void attach_classification(GstVideoRegionOfInterestMeta* region, const Finding& finding, const Findings& all);

/// Adds a region with a "detection" parameter to the buffer.
void attach_detection(GstBuffer* buffer, const Finding& finding, const Findings& all);

/// The region of roi type "frame" of a buffer; adds one that covers width × height pixels where there is none.
Region frame_region(GstBuffer* buffer, int width, int height);

}  // namespace ekya::gst::infer
