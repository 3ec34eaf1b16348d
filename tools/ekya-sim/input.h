// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/scheduler/policy.h"
#include "ekya/sim/generate.h"

namespace ekya::sim {

/// The text of a file, of the standard input where `path` is "-".
Result<std::string> read_text(const std::string& path);

/// The error of a text with the file it was read from.
Error in_file(const std::string& path, const Error& error);

/// What a list of counts means: "1,2,4", "1-8" or both mixed. Errors: kInvalidArgument.
Result<std::vector<int>> parse_counts(const std::string& text);

/// A policy that measures how long its plans take; its plans carry the time in `decision_s`.
class TimedPolicy final : public scheduler::Policy {
 public:
  explicit TimedPolicy(std::unique_ptr<scheduler::Policy> policy) : policy_(std::move(policy)) {}
  std::string name() const override { return policy_->name(); }
  scheduler::Plan plan(const scheduler::Problem& problem) const override;

  int plans() const { return plans_; }
  double mean_ms() const { return plans_ > 0 ? 1e3 * seconds_ / plans_ : 0; }

 private:
  std::unique_ptr<scheduler::Policy> policy_;
  mutable int plans_ = 0;
  mutable double seconds_ = 0;
};

/// Errors: as of make_policy().
Result<std::unique_ptr<TimedPolicy>> timed_policy(const std::string& name);

/// The names of all policies, for a help text.
std::string known_policies();

/// An accuracy in %, or "-" where nobody measured it.
std::string percent(double accuracy);

/// `linear`, `mps`, `mixed`.
std::vector<std::string> curve_names();
Curve curve_named(const std::string& name);

/// `--policy NAME`, by default the first of the policies.
void add_policy_option(CLI::App& command, std::string& policy);

}  // namespace ekya::sim
