// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Accuracy factor of one stream's inference by its share: what best_inference() finds, as a staircase that is built
/// once. The stream must outlive it. Cost: O(configs · log configs) to build, O(log configs) a look-up.
class FactorSteps {
 public:
  struct Step {
    double share = 0;  ///< From here on, in devices.
    double factor = 0;
    const InferenceConfig* config = nullptr;  ///< Null: none fits, or the stream has none.
  };

  explicit FactorSteps(const Stream& stream);

  const Step& at(double share) const;
  /// Shares and factors rise; the first begins at share 0. A stream without inference clients has one step of factor 1.
  const std::vector<Step>& steps() const { return steps_; }

 private:
  std::vector<Step> steps_;
};

}  // namespace ekya::scheduler
