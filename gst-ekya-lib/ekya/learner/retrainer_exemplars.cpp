// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "ekya/learner/evaluation.h"
#include "ekya/learner/retrainer.h"

namespace ekya::learner {

/// Of windows that are over, chosen before they are first needed as earlier ones.
void Retrainer::keep_exemplars() {
  std::shared_ptr<const Classifier> live;
  std::uint64_t window = 0;
  {
    MutexLock lock(mutex_);
    live = live_;
    window = window_;
  }
  for (std::uint64_t over = std::max(kept_window_ + 1, window > 8 ? window - 8 : 1); over < window; ++over) {
    const Status kept = samples_->keep_exemplars(over, model_.input_size,
                                                 [&](const LabelledCrops& crops) { return features(*live, crops); });
    if (!kept) {
      if (kept.error().code != ErrorCode::kCancelled)
        host_.warn("exemplars-failed", "The exemplars of window " + std::to_string(over) + " were not chosen: " +
                                           kept.error().message + ". The newest samples of each class stay instead.");
      return;
    }
    kept_window_ = over;
  }
}

/// What tells one crop from another: the trunk's output where the model has a trunk, else its probabilities.
Result<std::vector<float>> Retrainer::features(const Classifier& live, const LabelledCrops& crops) {
  const std::vector<float> input = model_input(live.info(), crops.pixels, crops.count());
  std::vector<float> found;
  const Status done = under_lease([&]() -> Status {
    auto values = live.trunk_hash().empty() ? live.classify(input, crops.count()) : live.features(input, crops.count());
    if (!values) return values.error();
    found = *std::move(values);
    return {};
  });
  if (!done) return done.error();
  return found;
}

}  // namespace ekya::learner
