// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/learner/weights_file.h"
#include "network.h"

namespace ekya::learner {

/// A network with the file's weights. Throws Refused naming tensor, expected and found for a missing or surplus
/// tensor, a wrong shape or dtype, or a value that is not finite; num_batches_tracked is skipped.
std::shared_ptr<Network> load_network(const ModelInfo& info, const WeightsFile& file);

/// Throws Refused naming a tensor of the file that is none of the parameters.
void refuse_surplus(const WeightsFile& file, const ModelInfo& info, const Parameters& parameters);

/// Fills parameters from the file. Throws as above.
void load_parameters(const Parameters& parameters, const ModelInfo& info, const WeightsFile& file);

/// `file`, whose model has `info` and a head of this shape, with the head that `target` is to have. Rows of labels that
/// were there are kept, new ones small; another width makes all of the head fresh.
WeightsFile with_head_of(const ModelInfo& target, const WeightsFile& file, const ModelInfo& info,
                         const HeadShape& shape, std::uint64_t seed);

/// The network's weights, named and described. Throws Refused if one is not finite.
WeightsFile weights_of(const Parameters& parameters, const ModelInfo& info);

}  // namespace ekya::learner
