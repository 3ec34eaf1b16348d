// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

/// Configs of one inference client from the dearest down: its levels.
std::vector<InferenceConfig> levels_of(const ShareRequest& request);

/// The k-th level, or the last.
const InferenceConfig& level(const std::vector<InferenceConfig>& levels, std::size_t k);

/// Several inference clients of a stream as one list: level k sums the k-th dearest config of each (a client with fewer
/// stays at its last), with the mean of the factors. A single client's list stays as it is.
std::vector<InferenceConfig> combined(const std::vector<std::vector<InferenceConfig>>& clients);

}  // namespace ekya::scheduler
