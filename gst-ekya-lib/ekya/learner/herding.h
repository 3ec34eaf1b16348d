// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <span>
#include <vector>

#include "ekya/base/result.h"

namespace ekya::learner {

/// Exemplars of each class, the most telling first: each next one brings the mean of those chosen closest to the mean
/// of the class, so a prefix of the list is the best smaller set and a budget that shrinks cuts the end. Features are
/// scaled to unit length first. Deterministic: of two that are as good the first one is taken.
///
/// features: [labels, width], row-major, finite. labels: the class of each row. most: exemplars of each class, >= 0.
/// Gives indices of rows by class. Cost: O(count * most * width).
/// Errors: kInvalidArgument for a wrong shape or a number that is not finite.
/// Source: Rebuffi et al., "iCaRL: Incremental Classifier and Representation Learning", CVPR 2017, Algorithm 4; herding
/// is Welling's, ICML 2009.
Result<std::map<int, std::vector<int>>> herd(std::span<const float> features, int width, std::span<const int> labels,
                                             int most);

}  // namespace ekya::learner
