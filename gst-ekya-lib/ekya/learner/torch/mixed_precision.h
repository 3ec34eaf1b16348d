// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace ekya::learner {

/// Whether bfloat16 is faster than float here: not without instructions for it.
bool cpu_has_bfloat16();

/// While it lives, what this thread computes by convolutions and matrix products is computed in bfloat16; LibTorch's
/// autocast. What comes out of them is bfloat16 too.
class MixedPrecision {
 public:
  explicit MixedPrecision(bool on);
  ~MixedPrecision();
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;

 private:
  bool on_;
};

}  // namespace ekya::learner
