// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/plan_book.h"

#include <algorithm>
#include <utility>

#include "ekya/scheduler/explain.h"
#include "ekya/scheduler/fit.h"

namespace ekya::scheduler {
namespace {

/// A phase that is shorter is waited for this long: the estimates are not that good, and time must move on.
constexpr Seconds kShortestPhase{0.01};

Plan decide(const PlanBook::Situation& situation) {
  return scheduler::decide(**make_policy(situation.policy), situation.problem);
}

}  // namespace

const PlanMade& PlanBook::make(Situation situation, const std::string& reason) {
  Plan plan = fit(situation.problem, decide(situation), situation.orders, situation.present);
  return adopt(std::move(plan), situation, reason);
}

Status PlanBook::check_veto(std::uint64_t number) const {
  if (!in_force_ || in_force_->number != number)
    return Error{ErrorCode::kNotFound, "plan " + std::to_string(number) + " is not in force" +
                                           (in_force_ ? "; plan " + std::to_string(in_force_->number) + " is" : "")};
  if (!before_) return Error{ErrorCode::kNotFound, "there is no plan before plan " + std::to_string(number)};
  return {};
}

const PlanMade& PlanBook::go_back(Situation situation) {
  Plan plan = before_->plan;
  for (const StreamPlan& stream : in_force_->plan.streams)  // streams that came later keep what they have
    if (std::none_of(plan.streams.begin(), plan.streams.end(), [&](auto& s) { return s.id == stream.id; }))
      plan.streams.push_back(stream);
  plan.upper_bound = decide(situation).upper_bound;  // of now, not of then
  adopt(refit(situation.problem, plan, situation.orders, situation.present), situation, "veto");
  before_.reset();
  return *in_force_;
}

std::optional<Seconds> PlanBook::next_phase() const {
  std::optional<Seconds> next;
  if (!in_force_) return next;
  for (const StreamPlan& stream : in_force_->plan.streams) {
    if (stream.phases.size() < 2) continue;
    const Seconds begin = in_force_->at + std::max(Seconds{stream.phases[1].begin_s}, kShortestPhase);
    next = std::min(next.value_or(begin), begin);
  }
  return next;
}

std::string PlanBook::explain(const Orders& orders) const {
  return in_force_ ? scheduler::explain(problem_, *in_force_, orders) : "no plan has been made yet\n";
}

const PlanMade& PlanBook::adopt(Plan plan, const Situation& situation, const std::string& reason) {
  problem_ = situation.problem;
  PlanMade made{++plans_, situation.window, reason, situation.now, std::move(plan)};
  before_ = std::exchange(in_force_, std::move(made));
  return *in_force_;
}

}  // namespace ekya::scheduler
