// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "ekya/scheduler/controller.h"
#include "ekya/scheduler/steering.h"

namespace ekya::scheduler {

/// A plan in plain sentences: one line that says which plan it is, then one for each stream.
std::string explain(const Problem& problem, const PlanMade& made, const Orders& orders);

}  // namespace ekya::scheduler
