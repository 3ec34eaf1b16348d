// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/base/result.h"
#include "ekyainfer/live_model.h"
#include "ekyainfer/results.h"

namespace ekya::gst::infer {

/// Runs the model on a frame, with memory that is kept from frame to frame. One thread at a time.
class Inference {
 public:
  /// One input each for at most this many regions of a frame; a frame with more gets results for the first ones, so
  /// that a faulty detector upstream cannot stop the video.
  static constexpr std::size_t kMostRegions = 128;

  /// A finding for each of the first kMostRegions regions, in order, whatever its confidence. Only rectangles and ids
  /// of the regions are read; one without a meta has no id. Errors: kInvalidArgument where the buffer does not hold the
  /// frame; kResource, kInternal of the model.
  Result<Findings> classify(const LiveModel& model, GstBuffer* buffer, const GstVideoInfo& info,
                            const std::vector<Region>& regions);

  /// Findings of the whole frame with at least that confidence; below 0: the model's own threshold.
  Result<Findings> detect(const LiveModel& model, GstBuffer* buffer, const GstVideoInfo& info, double threshold);

 private:
  Status prepare(const LiveModel& model, const device::ImageView& image, const device::Rect& rect, std::size_t index);
  Finding to_finding(const LiveModel& model, const learner::Detection& detection, const device::ImageView& image);

  std::vector<std::uint8_t> rgb_;  ///< [input_size, input_size, 3]
  std::vector<float> input_;       ///< [batch, 3, input_size, input_size]
  gint next_id_ = 1;
};

}  // namespace ekya::gst::infer
