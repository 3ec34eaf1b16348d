// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/model.h"

namespace ekya::bench {

/// A recorded stream whose scene drifts from window to window, with true labels. Each window is split into what the
/// learner may see and what it is tested on.
struct DriftStream {
  struct Window {
    learner::LabelledCrops train;  ///< In the order in which a camera would have shown them.
    learner::LabelledCrops test;
  };
  std::string name;
  std::vector<std::string> labels;
  learner::LabelledCrops before;  ///< What the student is made from, before the stream begins: first window only.
  std::vector<Window> windows;
};

/// Real traffic signs, five windows from dark to bright. `folder` has an index.csv with the columns file, class, track
/// and window; the tracks of a class and window are dealt in turn to training and test, so that no sign is in both. At
/// most `labels` of a window are shown, drawn by `seed`. Crops are [size, size, 3].
Result<DriftStream> load_signs(const std::string& folder, int size, int labels, std::uint64_t seed);

/// Real pictures of clothes under generated drift: five windows that are plain, dim, noisy, blurred and shifted, dim
/// and noisy at once. `images` is an IDX file. Training and test pictures differ; 4000 plain ones come before the
/// stream.
Result<DriftStream> load_fashion(const std::string& images, int size, int labels, std::uint64_t seed);

}  // namespace ekya::bench
