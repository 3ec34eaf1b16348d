// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

namespace ekya::scheduler {

/// One transfer over a link.
struct Transfer {
  double begin_s = 0;  ///< >= 0.
  double mbit = 0;     ///< >= 0.
};

/// When each transfer ends over a link of that rate in Mbit/s, > 0, that all that are under way share equally, as TCP
/// flows do. Shape [transfers], in seconds. Cost: O(transfers²). Source: processor sharing (Kleinrock, 1967).
std::vector<double> transfer_ends(const std::vector<Transfer>& transfers, double rate_mbps);

}  // namespace ekya::scheduler
