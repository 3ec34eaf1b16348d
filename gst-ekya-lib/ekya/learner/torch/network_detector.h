// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "detection_network.h"

namespace ekya::learner {

/// A detector on one of our networks. Holds the file's weights, to go on training from, and the network with the
/// normalisations folded into the convolutions, to detect.
class NetworkDetector : public Detector {
 public:
  /// Loads, folds, and looks at a black image once. Throws Refused saying what does not fit.
  explicit NetworkDetector(WeightsFile file);

  const DetectorInfo& info() const override { return info_; }
  Result<std::vector<Detection>> detect(std::span<const float> frame, float threshold) const override;

  const ModelInfo& model() const { return model_; }
  const WeightsFile& file() const { return file_; }
  const std::shared_ptr<const DetectionNetwork>& folded() const { return folded_; }

 private:
  std::vector<Detection> run(std::span<const float> frame, float threshold) const;

  WeightsFile file_;
  ModelInfo model_;
  std::shared_ptr<const DetectionNetwork> folded_;
  DetectorInfo info_;
};

}  // namespace ekya::learner
