// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "ekya/scheduler/controller.h"
#include "ekya/scheduler/steering.h"

namespace ekya::scheduler {

/// The plan in force, the one before it, and the problem that the former answers.
class PlanBook {
 public:
  /// What a plan is made from.
  struct Situation {
    Problem problem;
    std::string policy;  ///< A known one.
    const Orders& orders;
    const Present& present;
    std::uint64_t window = 0;
    Seconds now{0};
  };

  explicit PlanBook(Problem problem) : problem_(std::move(problem)) {}

  /// Puts what the policy decides in force, as far as the orders allow.
  const PlanMade& make(Situation situation, const std::string& reason);

  /// Errors: kNotFound when the plan is not in force or there is none before it.
  Status check_veto(std::uint64_t number) const;
  /// Puts the plan before, which there is, in force again, with constant shares; only once.
  const PlanMade& go_back(Situation situation);

  const PlanMade* in_force() const { return in_force_ ? &*in_force_ : nullptr; }
  /// Number of the plan in force; 0: none is.
  std::uint64_t number() const { return in_force_ ? in_force_->number : 0; }
  const Problem& problem() const { return problem_; }
  /// When the first of the later phases of the plan in force begins; empty: there is none.
  std::optional<Seconds> next_phase() const;
  std::string explain(const Orders& orders) const;

 private:
  const PlanMade& adopt(Plan plan, const Situation& situation, const std::string& reason);

  std::optional<PlanMade> in_force_;
  std::optional<PlanMade> before_;
  Problem problem_;
  std::uint64_t plans_ = 0;
};

}  // namespace ekya::scheduler
