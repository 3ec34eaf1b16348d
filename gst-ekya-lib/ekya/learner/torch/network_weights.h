// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/learner/weights_file.h"
#include "network.h"

namespace ekya::learner {

/// A network with the file's weights. Throws Refused naming tensor, expected and found for a missing or surplus
/// tensor, a wrong shape or dtype, or a value that is not finite; num_batches_tracked is skipped.
std::shared_ptr<Network> load_network(const ModelInfo& info, const WeightsFile& file);

/// The network's weights, named and described. Throws Refused if one is not finite.
WeightsFile weights_of(const Network& network, const ModelInfo& info);

}  // namespace ekya::learner
