// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/sim/recorded.h"
#include "ekya/sim/scenario.h"

namespace ekya::sim {

/// Draws a scenario of so many windows from the recorded ones: each camera drives through cities in random order, no
/// city twice before all were used, and through each city's windows as they were recorded. Who reached the best
/// recorded accuracy in the window before begins a window at its recorded start; who reached less begins lower by as
/// much. Each recorded window is a scene as long as a window. The same options give the same scenario on every machine,
/// and fewer streams the first ones of more. `recorded` has windows and profiles.
Scenario draw_scenario(const Recorded& recorded, const DrawOptions& options, int windows);

}  // namespace ekya::sim
