// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ekya::learner {

/// In which order a job takes its samples. Each epoch is a new shuffle (Fisher-Yates, from seed and epoch), cut into
/// batches of nearly equal size, so that none is too small to normalise: at most 1.5 times the wanted size.
class EpochOrder {
 public:
  /// first_epoch: so many were shuffled before, by a job that goes on.
  EpochOrder(int count, int batch_size, int epochs, std::uint64_t seed, int first_epoch = 0);

  int epochs() const { return epochs_; }
  int steps() const { return steps_per_epoch_ * epochs_; }
  /// Samples of step 0 .. steps() - 1, until the next call.
  std::span<const std::int64_t> at_step(int step);

 private:
  void shuffle(int epoch);

  int count_, epochs_, first_epoch_, steps_per_epoch_;
  std::uint64_t seed_;
  std::vector<std::int64_t> order_;
  int shuffled_epoch_ = -1;
};

}  // namespace ekya::learner
