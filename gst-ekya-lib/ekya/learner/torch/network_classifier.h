// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <mutex>

#include "network.h"
#include "trainee.h"

namespace ekya::learner {

/// A classifier on one of our networks. Holds the file's weights, to go on training from, and the network with the
/// normalisations folded into the convolutions, to classify.
class NetworkClassifier : public TorchClassifier {
 public:
  /// Loads, folds, and classifies a black image once. Throws Refused saying what does not fit.
  explicit NetworkClassifier(WeightsFile file);

  const ModelInfo& info() const override { return info_; }
  Result<std::vector<float>> classify(std::span<const float> crops, int count) const override;
  std::string trunk_hash() const override;
  Result<std::vector<float>> features(std::span<const float> crops, int count) const override;
  std::unique_ptr<Trainee> trainee(const ModelInfo& target, const TrainOptions& options) const override;

 private:
  WeightsFile file_;
  ModelInfo info_;
  std::shared_ptr<const Network> folded_;
  mutable std::once_flag hashed_;
  mutable std::string trunk_hash_;  ///< Once hashed_.
};

}  // namespace ekya::learner
