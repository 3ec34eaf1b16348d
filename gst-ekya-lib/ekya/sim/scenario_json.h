// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "ekya/sim/scenario.h"

namespace ekya::sim {

/// Largest scenario that is read, in bytes.
inline constexpr std::size_t kLargestScenario = std::size_t{256} << 20;

/// Reads what docs/scenario.schema.json describes, as strictly as a problem is read.
/// Errors: kInvalidArgument naming the place, e.g. `streams[2].scenes[0].drop: 3 is not in [-1, 1]`.
Result<Scenario> scenario_from_json(std::string_view text);

/// Writes every field, numbers with all their digits: read back, the same values.
std::string to_json(const Scenario& scenario);

}  // namespace ekya::sim
