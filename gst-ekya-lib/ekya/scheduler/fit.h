// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/scheduler/steering.h"

namespace ekya::scheduler {

/// Makes a plan obey the orders. Where it answers the problem and no order touches it, it stays as it is, with its
/// phases; else refit(). The result passes validate(problem, plan) in every case.
Plan fit(const Problem& problem, const Plan& plan, const Orders& orders, const Present& present);

/// Constant shares after the plan's first phase, for a problem that need not be the one that it was made for: streams
/// that it lacks get nothing yet, configs and devices that are not there any more are dropped, pins and caps replace
/// shares of the kinds in `present`, what is then too much on a device is taken from its unpinned shares in proportion,
/// jobs that do not fit into its memory are dropped, inference configs are picked anew and the expected accuracies
/// computed again, on the estimates that kappa makes of the problem. A stream whose pins do not fit on its device goes
/// where they do; pins that fit nowhere are scaled down. A job that runs stays on its device.
Plan refit(const Problem& problem, const Plan& plan, const Orders& orders, const Present& present);

}  // namespace ekya::scheduler
