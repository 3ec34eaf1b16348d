// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>

#include "ekya/learner/model.h"
#include "network.h"

namespace ekya::learner {

/// A classifier on a network of ours. Holds the weights twice: as they were trained, to go on training from, and with the
/// normalisations folded into the convolutions, to classify.
class TorchClassifier : public Classifier {
 public:
  /// `network` is taken over and must not change any more. Throws what LibTorch throws.
  TorchClassifier(ModelInfo info, std::shared_ptr<Network> network);

  const ModelInfo& info() const override { return info_; }
  Result<std::vector<float>> classify(std::span<const float> crops, int count) const override;

  const Network& network() const { return *network_; }

 private:
  ModelInfo info_;
  std::shared_ptr<Network> network_;
  std::shared_ptr<Network> folded_;
};

/// Checks the size of `crops`, runs `forward` on it as [count, 3, size, size] and turns logits [count, labels] into
/// probabilities. Throws Refused for a wrong shape or a value that is not finite.
std::vector<float> run_classifier(const ModelInfo& info, std::span<const float> crops, int count,
                                  const std::function<at::Tensor(const at::Tensor&)>& forward);

}  // namespace ekya::learner
