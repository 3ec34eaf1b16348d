// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/policy.h"

#include <algorithm>
#include <array>

#include "ekya/base/printable.h"
#include "ekya/scheduler/policies.h"

namespace ekya::scheduler {
namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Policy> (*make)();
};

constexpr std::array<Entry, 10> kPolicies{{
    {"phased", make_phased},
    {"exact", make_exact},
    {"thief-wide", make_thief_wide},
    {"thief", make_thief},
    {"uniform", make_uniform},
    {"fixed-config", make_fixed_config},
    {"fixed-share", make_fixed_share},
    {"cached", make_cached},
    {"cloud", make_cloud},
    {"no-retraining", make_no_retraining},
}};

}  // namespace

Plan decide(const Policy& policy, const Problem& problem) {
  const Problem estimate = pessimistic(problem);
  Plan plan = policy.plan(estimate);
  // The bound knows the devices' own work alone.
  const auto delivered = [](const StreamPlan& stream) { return stream.delivery.has_value(); };
  if (plan.upper_bound < 1 || std::any_of(plan.streams.begin(), plan.streams.end(), delivered)) return plan;
  plan.upper_bound = std::max(plan.mean_accuracy, make_phased()->plan(estimate).upper_bound);
  return plan;
}

Result<std::unique_ptr<Policy>> make_policy(std::string_view name) {
  std::string known;
  for (const Entry& entry : kPolicies) {
    if (name == entry.name) return entry.make();
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  return Error{ErrorCode::kInvalidArgument, "policy '" + printable(name) + "' is unknown; use one of " + known};
}

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kPolicies) names.emplace_back(entry.name);
  return names;
}

}  // namespace ekya::scheduler
