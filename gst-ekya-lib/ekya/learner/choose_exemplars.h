// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/sample_index.h"
#include "ekya/learner/sample_store.h"

namespace ekya::learner {

/// What a choice of exemplars is made for.
struct ExemplarChoice {
  std::uint64_t window = 0;  ///< Whose samples get ranks; those of others can only lose theirs.
  int size = 64;             ///< Of the crops that features are made of.
  std::size_t budget = 0;    ///< Exemplars of all classes together; each has an equal part, one at least.
};

/// Reads the crop of a row and appends it, with this label. False: it is lost.
using ReadCrop = std::function<Result<bool>(const SampleRow& row, int label, LabelledCrops& crops)>;

/// Ranks the window's samples of each class by herding on `features`, then thins the class's exemplars.
/// rows: all of the kind, newest first. Errors: those of `read`, `features` and herd().
Status choose_by_herding(std::vector<SampleRow>& rows, const ExemplarChoice& choice, const ReadCrop& read,
                         const SampleStore::Features& features);

/// The same with samples that are spread over the window, which need no features and favour no kind of sample.
void choose_spread(std::vector<SampleRow>& rows, const ExemplarChoice& choice);

}  // namespace ekya::learner
