// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "ekya/scheduler/controller.h"
#include "ekya/scheduler/steering.h"

namespace ekya::scheduler {

/// A plan in plain sentences: one line that says which plan it is and how far it may be from the best, then one for
/// each stream: what it gets and gains, what came next best, where it moves from, when a job that waits begins, and why
/// a floor is not held. `problem` is the one that was planned.
std::string explain(const Problem& problem, const PlanMade& made, const Orders& orders);

}  // namespace ekya::scheduler
