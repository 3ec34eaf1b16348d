// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Of a scheduler that nobody told a policy.
inline constexpr char kDefaultPolicy[] = "phased";

/// Decides a window. A policy is a pure function of the problem: no clock, thread, file or global state.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string name() const = 0;
  /// `problem` has passed validate(); kappa is left to decide(). The plan passes validate(problem, plan).
  virtual Plan plan(const Problem& problem) const = 0;
};

/// What a policy decides on the estimates that `kappa` makes of the problem, with the upper bound on those estimates.
/// Where the policy has none of its own the problem is planned by `phased` too, for its bound. Models that are
/// delivered from elsewhere are outside of it: with them the bound is 1.
Plan decide(const Policy& policy, const Problem& problem);

/// Errors: kInvalidArgument for an unknown name; the message lists the known ones.
Result<std::unique_ptr<Policy>> make_policy(std::string_view name);

/// In the order in which they are documented.
std::vector<std::string> policy_names();

}  // namespace ekya::scheduler
