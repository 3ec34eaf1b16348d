// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

/// Orders from outside, by stream and kind.
using Orders = std::map<std::pair<std::string, ClientKind>, Steering>;

/// Errors: kInvalidArgument, naming pin or cap, for a share outside [0, capacity] or a pin above its cap.
Status check(const Steering& steering, double capacity);

/// Sum of all pins, in devices.
double sum_of_pins(const Orders& orders);

/// Streams that some order excludes.
std::set<std::string> excluded_streams(const Orders& orders);

/// Makes a plan fit the problem and the orders: streams that the plan lacks get nothing yet, configs that are not
/// offered any more are dropped, pins and caps replace shares of the kinds in `present`, what is then too much is taken
/// from unpinned shares in proportion, inference configs are picked anew and the expected accuracies computed again.
/// The result passes validate(problem, plan). The pins of `present` kinds sum to at most the capacity.
Plan fit(const Problem& problem, const Plan& plan, const Orders& orders,
         const std::set<std::pair<std::string, ClientKind>>& present);

}  // namespace ekya::scheduler
