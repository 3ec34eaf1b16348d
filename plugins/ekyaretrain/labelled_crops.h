// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/retrainer.h"

namespace ekya::gst {

/// Cuts out the regions of a frame that carry an "ekya-label" parameter, resized to size × size. Doubtful labels are
/// left out: the golden model does not trust them itself. A region without a pixel inside the frame is left out too.
/// Errors: kInvalidArgument when the buffer cannot be read as `info` says.
Result<std::vector<learner::NewCrop>> labelled_crops(GstBuffer* buffer, const GstVideoInfo& info, int size);

}  // namespace ekya::gst
