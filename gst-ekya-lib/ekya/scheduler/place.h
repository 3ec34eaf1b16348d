// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// A device for each stream, inference, labelling and retraining together: a stream goes where its job runs; others
/// stay where they run while their device is not overloaded; the rest go, largest first, to the device that is least
/// loaded for its capacity. Shape [streams], indices of problem.devices. Load is what full inference, labelling and the
/// stream's cheapest useful retraining ask for. Cost: O(streams · (log streams + devices)). Source: longest processing
/// time first (Graham, 1969).
std::vector<int> place_streams(const Problem& problem);

/// The streams of one device, as a problem with that device alone. Streams keep their order.
Problem problem_of_device(const Problem& problem, const std::vector<int>& placement, int device);

}  // namespace ekya::scheduler
