// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "ekya/learner/model.h"
#include "epoch_order.h"

namespace ekya::learner {

/// Throws Refused for no sample, a label out of range, pixels or weights that do not fit, or options out of range.
void check_training(const LabelledCrops& data, const ModelInfo& info, const TrainOptions& options);

/// Throws Refused for options out of range.
void check_options(const TrainOptions& options);

/// The samples of a training job and the order in which its steps take them. Each epoch is a new shuffle, cut into
/// batches of nearly equal size, so that none is too small to normalise: at most 1.5 times the wanted size.
class Batches {
 public:
  /// `data` has passed check_training(); it is copied. `first_epoch`: how many a job has done before on other samples,
  /// so that no order comes twice.
  Batches(const LabelledCrops& data, const ModelInfo& info, const TrainOptions& options, int first_epoch = 0);

  int steps() const { return order_.steps(); }
  int count() const { return count_; }
  int epochs() const { return order_.epochs(); }

  struct Batch {
    at::Tensor rows;     ///< [n], int64: which samples.
    at::Tensor labels;   ///< [n], int64.
    at::Tensor weights;  ///< [n], float; the sample's weight times its class's.
  };
  Batch at_step(int step);
  /// Normalised images [n, 3, size, size] of some samples.
  at::Tensor images(const at::Tensor& rows) const;
  /// Bytes [size, size, 3] of a sample.
  std::span<const std::uint8_t> pixels(std::int64_t row) const;

 private:
  int count_;
  EpochOrder order_;
  device::Normalisation normalisation_;
  at::Tensor pixels_, labels_, weights_;
};

}  // namespace ekya::learner
