// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/drift/mmd.h"

namespace ekya::drift {

struct FeatureDriftOptions {
  int dimension = 1;           ///< Of a feature, >= 1.
  std::size_t reference = 60;  ///< Features that the stream is known by.
  std::size_t recent = 20;     ///< Newest ones, that are compared with them.
  std::size_t every = 10;      ///< Features between two tests.
  MmdOptions test{0.002, 499, 1};
};

/// Drift detection, tier two, over time: the first features of a stream are its reference, the newest are tested
/// against them by mmd_test(). After an alarm the newest are the first of another reference. Holds
/// (reference + recent) * dimension floats. Not thread-safe.
class FeatureDrift {
 public:
  explicit FeatureDrift(const FeatureDriftOptions& options) : options_(options) {}

  /// `feature`: [dimension], of an object that gave none yet. Whether the newest features differ; a test costs what
  /// mmd_test() does. Errors: kInvalidArgument for another length or a number that is not finite; it is left out.
  Result<bool> add(std::span<const float> feature);

 private:
  Result<bool> test();
  std::size_t size(std::size_t count) const { return count * static_cast<std::size_t>(options_.dimension); }

  FeatureDriftOptions options_;
  std::vector<float> reference_, recent_;  ///< Row-major, oldest first.
  std::size_t untested_ = 0;
};

}  // namespace ekya::drift
