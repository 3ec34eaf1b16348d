// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace ekya::scheduler {

/// What the streams of a device together are worth to a thief. First come the streams that miss a_min, then the
/// accuracy.
struct Worth {
  /// A step must gain more than this, summed over the streams: less is rounding.
  static constexpr double kLeastGain = 1e-12;

  double accuracy = 0;   ///< Weighted sum of the window accuracies.
  double shortfall = 0;  ///< Sum of what is missing to a_min, see Choice::shortfall.

  bool beats(const Worth& other) const {
    if (shortfall < other.shortfall - kLeastGain) return true;
    return shortfall <= other.shortfall + kLeastGain && accuracy > other.accuracy + kLeastGain;
  }
};

}  // namespace ekya::scheduler
