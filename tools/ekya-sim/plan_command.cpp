// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdio>

#include "ekya-sim/commands.h"
#include "ekya-sim/input.h"
#include "ekya/scheduler/check.h"
#include "ekya/scheduler/explain.h"
#include "ekya/scheduler/problem_json.h"

namespace ekya::sim {
namespace {

using scheduler::Phase;
using scheduler::Plan;
using scheduler::StreamPlan;

struct Options {
  std::string problem, policy, format = "table";
  bool explain = false;
};

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

/// When the stream's shares change: `40 s: full 0.5 + job 0.5`.
std::string phase_words(const Phase& phase) {
  std::string words = scheduler::in_words(phase.begin_s) + " s: " + or_dash(phase.inference_config) + " at " +
                      scheduler::in_words(phase.inference_share);
  if (phase.retraining_share > 0) words += ", job at " + scheduler::in_words(phase.retraining_share);
  return words;
}

void print_stream(const StreamPlan& plan) {
  const bool moves = !plan.retraining_device.empty() && plan.retraining_device != plan.device;
  std::printf("%-16s %-14s %-14s %-20s %9.3f %9.3f %9.3f %8.2f\n", plan.id.c_str(),
              or_dash(plan.inference_config).c_str(), or_dash(plan.retraining_config).c_str(),
              (plan.device + (moves ? ", " + plan.retraining_device : "")).c_str(), plan.inference_share,
              plan.labelling_share, plan.retraining_share, 100 * plan.expected_accuracy);
  for (std::size_t k = 1; k < plan.phases.size(); ++k)
    std::printf("%-16s   from %s\n", "", phase_words(plan.phases[k]).c_str());
  if (plan.delivery)
    std::printf("%-16s   from %s s: a model of accuracy %.2f %% from elsewhere\n", "",
                scheduler::in_words(plan.delivery->at_s).c_str(), 100 * plan.delivery->accuracy);
}

void print_table(const Plan& plan) {
  std::printf("%-16s %-14s %-14s %-20s %9s %9s %9s %8s\n", "stream", "inference", "retraining", "device", "inference",
              "labelling", "job", "accuracy");
  std::printf("%-16s %-14s %-14s %-20s %9s %9s %9s %8s\n", "", "config", "config", "", "share", "share", "share",
              "in %");
  for (const StreamPlan& stream : plan.streams) print_stream(stream);
  std::printf("\n%s: mean accuracy %.2f %%, upper bound %.2f %%, gap %.2f points, decided in %.3f ms\n",
              plan.policy.c_str(), 100 * plan.mean_accuracy, 100 * plan.upper_bound,
              100 * (plan.upper_bound - plan.mean_accuracy), 1e3 * plan.decision_s);
  for (const std::string& id : plan.floors_missed) std::printf("the least accuracy of %s is not held\n", id.c_str());
}

Status plan(const Options& options) {
  const auto text = read_text(options.problem);
  if (!text) return text.error();
  const auto problem = scheduler::problem_from_json(*text);
  if (!problem) return in_file(options.problem, problem.error());
  const auto policy = timed_policy(options.policy);
  if (!policy) return policy.error();
  const Plan plan = decide(**policy, *problem);
  if (Status s = validate(*problem, plan); !s)
    return Error{ErrorCode::kInternal, "the plan of " + options.policy + " is wrong: " + s.error().message};
  if (options.format == "json")
    std::fputs(scheduler::to_json(plan).c_str(), stdout);
  else
    print_table(plan);
  if (options.explain) {
    const scheduler::PlanMade made{1, 1, "the command line", Seconds{0}, plan};
    std::printf("\n%s", scheduler::explain(*problem, made, {}).c_str());
  }
  return {};
}

}  // namespace

void add_plan(CLI::App& app, Status& result) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("plan", "Plan one window and print what each stream gets");
  command
      ->add_option("PROBLEM", options->problem, "JSON file as docs/problem.schema.json says; - is the standard input")
      ->required();
  add_policy_option(*command, options->policy);
  command->add_option("--format", options->format)->check(CLI::IsMember({"table", "json"}))->capture_default_str();
  command->add_flag("--explain", options->explain, "Also say in words why each stream gets that");
  command->callback([options, &result] { result = plan(*options); });
}

}  // namespace ekya::sim
