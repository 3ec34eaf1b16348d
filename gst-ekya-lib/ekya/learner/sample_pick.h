// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/learner/sample_index.h"
#include "ekya/learner/sample_store.h"

namespace ekya::learner {

struct PickedSample {
  SampleRow row;
  int label = 0;  ///< Index into the labels that were asked for.
};

/// Which rows a query takes: those of recent windows, newest first, then exemplars. Every class gives as many exemplars
/// as the others while it has some: those of the lowest ranks first, and from all over its past (take_exemplars).
/// `rows` is newest first. Deterministic.
std::vector<PickedSample> pick_samples(std::vector<SampleRow> rows, const std::vector<std::string>& labels,
                                       const SampleStore::Query& query);

}  // namespace ekya::learner
