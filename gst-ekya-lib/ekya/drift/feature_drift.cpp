// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/feature_drift.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ekya::drift {

Result<bool> FeatureDrift::add(std::span<const float> feature) {
  if (feature.size() != size(1) || !std::ranges::all_of(feature, [](float value) { return std::isfinite(value); }))
    return Error{ErrorCode::kInvalidArgument, "a feature has another length or a number that is not finite"};
  if (reference_.size() < size(options_.reference)) {
    reference_.insert(reference_.end(), feature.begin(), feature.end());
    return false;
  }
  recent_.insert(recent_.end(), feature.begin(), feature.end());
  if (recent_.size() > size(options_.recent))
    recent_.erase(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(size(1)));
  if (++untested_ < options_.every || recent_.size() < size(options_.recent)) return false;
  return test();
}

Result<bool> FeatureDrift::test() {
  untested_ = 0;
  const auto result = mmd_test(reference_, recent_, options_.dimension, options_.test);
  if (!result) return result.error();
  if (result->drift) reference_ = std::exchange(recent_, {});
  return result->drift;
}

}  // namespace ekya::drift
