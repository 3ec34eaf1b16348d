// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/learner/sample_store.h"

namespace ekya::testing {

/// A square crop of one colour.
inline learner::Sample sample(const std::string& label, std::uint64_t window = 1, int size = 16,
                              std::uint8_t grey = 128) {
  learner::Sample sample;
  sample.label = label;
  sample.window = window;
  sample.size = size;
  sample.pixels.assign(static_cast<std::size_t>(size * size * 3), grey);
  return sample;
}

inline learner::Sample held_back(learner::Sample sample) {
  sample.held_back = true;
  return sample;
}

/// The same feature for every crop.
inline Result<std::vector<float>> no_difference(const learner::LabelledCrops& crops) {
  return std::vector<float>(crops.labels.size(), 1.0f);
}

}  // namespace ekya::testing
