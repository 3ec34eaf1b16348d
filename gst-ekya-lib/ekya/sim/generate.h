// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "ekya/sim/scenario.h"

namespace ekya::sim {

enum class Curve {
  kLinear,  ///< speed = share.
  kMps,     ///< (1 + c) s / (s + c) with c in [0.15, 0.6]: jobs side by side reach more together than one alone.
  kMixed,   ///< Either, half of the scenarios each.
};

struct GenerateOptions {
  int streams = 4;
  int devices = 1;
  int windows = 1;
  int configs = 18;     ///< Most retraining configs of a stream.
  bool pooled = false;  ///< One device of capacity `devices`; else `devices` devices of capacity 1.
  Curve curve = Curve::kMixed;
  double window_s = 200;
  double quantum = 0.1;
  double min_accuracy = 0;
  double label_delay_s = 0, swap_delay_s = 0;
  double error = 0;  ///< Relative deviation of the estimates, see with_estimate_error().
  std::uint64_t seed = 1;
};

/// Draws a scenario; docs/simulator.md lists the distributions and where they come from. The same options give the same
/// scenario on every machine. The result passes validate().
Scenario generate(const GenerateOptions& options);

}  // namespace ekya::sim
