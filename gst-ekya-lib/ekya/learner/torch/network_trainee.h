// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/learner/weights_file.h"
#include "network.h"
#include "trainee.h"

namespace ekya::learner {

/// Trains the head. The trunk is the live model's own, which is never written to.
class HeadTrainee : public Trainee {
 public:
  /// `file` has the head that `info` describes, which need not be that of `trunk`.
  HeadTrainee(const ModelInfo& info, const WeightsFile& file, std::shared_ptr<const Network> trunk);

  std::vector<at::Tensor> trained() const override;
  bool has_frozen_part() const override { return true; }
  at::Tensor frozen_part(const at::Tensor& images) const override;
  at::Tensor trained_part(const at::Tensor& features) const override { return head_.forward(features); }
  WeightsFile weights() const override;
  std::shared_ptr<const Classifier> classifier() const override;

 private:
  ModelInfo info_;
  WeightsFile file_;  ///< Of the model that it started from; the trunk's tensors are passed on bit by bit.
  std::shared_ptr<const Network> trunk_;
  Parameters parameters_;  ///< The head's.
  Head head_;
};

/// Trains everything. Batches below 8 samples are normalised by the stored statistics: their own say too little, and
/// those of a single sample nothing.
class NetworkTrainee : public Trainee {
 public:
  NetworkTrainee(const ModelInfo& info, const WeightsFile& file, bool mixed_precision);

  std::vector<at::Tensor> trained() const override;
  bool has_frozen_part() const override { return false; }
  at::Tensor frozen_part(const at::Tensor& images) const override { return images; }
  at::Tensor trained_part(const at::Tensor& images) const override;
  WeightsFile weights() const override;
  std::shared_ptr<const Classifier> classifier() const override;

 private:
  ModelInfo info_;
  std::shared_ptr<Network> network_;
  bool mixed_precision_;
};

}  // namespace ekya::learner
