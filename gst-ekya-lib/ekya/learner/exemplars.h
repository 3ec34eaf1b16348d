// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <vector>

#include "ekya/learner/sample_index.h"

namespace ekya::learner {

/// 0 .. count - 1 in an order of which every prefix is spread over the whole. Source: van der Corput, 1935.
std::vector<int> spread_order(int count);

/// Takes ranks away until `most` rows have one: from the highest rank in use first, and within a rank from the row
/// whose neighbours of that rank are nearest in windows, the newer one of two such, never the oldest or the newest
/// while there is another. So each earlier window keeps the most telling of its samples, and when there are more
/// windows than places the windows that stay are spread over the past. rows: of one class, any order. Cost: O(count^2)
/// for what is taken away.
void thin_exemplars(std::vector<SampleRow*> rows, std::size_t most);

/// The `most` rows to train on: those of rank 0, then 1, ..., then those without; of the last kind that fits in part
/// only, some that are spread over the order of `rows`. Cost: O(count log count).
std::vector<SampleRow> take_exemplars(std::vector<SampleRow> rows, std::size_t most);

}  // namespace ekya::learner
