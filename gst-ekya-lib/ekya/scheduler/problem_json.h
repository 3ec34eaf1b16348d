// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Largest JSON text that is read, in bytes.
inline constexpr std::size_t kLargestJson = std::size_t{16} << 20;

/// Reads what docs/problem.schema.json describes, strictly: unknown and doubled keys, missing fields, other types,
/// nesting deeper than the format's and everything that validate() refuses are errors.
/// Errors: kInvalidArgument naming the place, e.g. `streams[2].retraining[0].work_s: -1 is not > 0 and finite`.
Result<Problem> problem_from_json(std::string_view text);
Result<Plan> plan_from_json(std::string_view text);

/// Writes every field, numbers with all their digits: read back, the same values.
std::string to_json(const Problem& problem);
std::string to_json(const Plan& plan);

}  // namespace ekya::scheduler
