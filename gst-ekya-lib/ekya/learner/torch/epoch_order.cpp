// SPDX-License-Identifier: LGPL-2.1-or-later
#include "epoch_order.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace ekya::learner {

EpochOrder::EpochOrder(int count, int batch_size, int epochs, std::uint64_t seed, int first_epoch)
    : count_(count),
      epochs_(epochs),
      first_epoch_(first_epoch),
      steps_per_epoch_(std::max(1, (count + batch_size / 2) / batch_size)),
      seed_(seed),
      order_(static_cast<std::size_t>(count)) {}

void EpochOrder::shuffle(int epoch) {
  std::iota(order_.begin(), order_.end(), 0);
  std::mt19937_64 random(seed_ * 1'000'003 + static_cast<std::uint64_t>(first_epoch_ + epoch));
  for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random() % i]);
  shuffled_epoch_ = epoch;
}

std::span<const std::int64_t> EpochOrder::at_step(int step) {
  const int epoch = step / steps_per_epoch_, index = step % steps_per_epoch_;
  if (epoch != shuffled_epoch_) shuffle(epoch);
  const auto border = [&](int i) {
    return static_cast<std::size_t>(static_cast<std::int64_t>(count_) * i / steps_per_epoch_);
  };
  return std::span<const std::int64_t>(order_).subspan(border(index), border(index + 1) - border(index));
}

}  // namespace ekya::learner
