// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inverted_residual.h"

namespace ekya::learner {

/// All of MobileNetV2 but its head, with the names and shapes of `features` in torchvision.models.mobilenetv2. The
/// classifier averages its last map; a detector reads two.
class MobileNetV2Trunk {
 public:
  /// Where the stride goes from 16 to 32: features.14, the 13th of the blocks that expand.
  static constexpr int kSplit = 14;

  struct Maps {
    at::Tensor expanded;  ///< [N, expanded_channels(), H / 16, W / 16]: features.14 up to its expansion.
    at::Tensor last;      ///< [N, last_channels(), H / 32, W / 32].
  };

  /// Names begin with `prefix`, for torchvision's classifier "features.".
  MobileNetV2Trunk(Parameters& parameters, const std::string& prefix, double width);

  /// images: [N, 3, H, W], normalised. Sizes are rounded up.
  Maps maps(const at::Tensor& images, NormMode mode) const;
  at::Tensor last_map(const at::Tensor& images, NormMode mode) const { return maps(images, mode).last; }
  void fold();

  int expanded_channels() const { return expanded_channels_; }  ///< 576 at width 1.
  int last_channels() const { return last_channels_; }          ///< 1280 at width 1.

 private:
  void add_blocks(Parameters& parameters, const std::string& prefix, double width);

  ConvNorm first_;
  std::vector<InvertedResidual> blocks_;  ///< features.1 to features.17.
  std::optional<ConvNorm> last_;
  int expanded_channels_ = 0, block_channels_ = 0, last_channels_ = 0;
};

}  // namespace ekya::learner
