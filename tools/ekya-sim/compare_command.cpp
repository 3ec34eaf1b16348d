// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>
#include <span>

#include "ekya-sim/commands.h"
#include "ekya-sim/contests.h"
#include "ekya-sim/input.h"
#include "ekya/base/file_ops.h"
#include "ekya/sim/compare.h"
#include "ekya/sim/execute.h"
#include "ekya/sim/simulate.h"

namespace ekya::sim {
namespace {

struct Options {
  ContestOptions contests;
  std::vector<std::string> policies;
  bool once = false, by_load = false;
  std::string csv;
};

/// A policy, or the better of several on each case.
struct Contender {
  std::string name;
  std::vector<std::unique_ptr<TimedPolicy>> policies;

  /// Of a plan; "-" where the simulation's controller made them.
  std::string mean_ms() const {
    double sum = 0;
    for (const auto& policy : policies) sum += policy->mean_ms();
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", sum);
    return policies.front()->plans() > 0 ? text : "-";
  }
};

/// `text` is a policy's name or several joined by "+".
Result<Contender> contender(const std::string& text) {
  Contender contender{text, {}};
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('+', begin), text.size());
    auto policy = timed_policy(text.substr(begin, end - begin));
    if (!policy) return policy.error();
    contender.policies.push_back(std::move(*policy));
    begin = end + 1;
  }
  return contender;
}

Result<Score> score_of_window(const Contest& contest, const scheduler::Policy& policy, bool once) {
  const auto executed = once ? execute_plan(contest.truth, decide(policy, contest.believed))
                             : execute(contest.believed, contest.truth, policy);
  if (!executed) return executed.error();
  Score score{executed->mean_accuracy, 1, executed->upper_bound, 0};
  for (double accuracy : executed->accuracy) score.worst_stream = std::min(score.worst_stream, accuracy);
  for (double seconds : executed->below_floor_s)
    score.below_floor += seconds / contest.truth.window_s / static_cast<double>(executed->below_floor_s.size());
  return score;
}

/// The upper bound of several windows is not known.
Result<Score> score_of_scenario(const Scenario& scenario, const std::string& policy) {
  const auto simulated = simulate(scenario, policy);
  if (!simulated) return simulated.error();
  Score score{simulated->mean_accuracy, 1, std::numeric_limits<double>::quiet_NaN(), 0};
  const auto windows = static_cast<double>(simulated->windows.size());
  for (std::size_t v = 0; v < simulated->ids.size(); ++v) {
    double accuracy = 0, below_floor_s = 0;
    for (const auto& window : simulated->windows) {
      accuracy += window[v].accuracy / windows;
      below_floor_s += window[v].below_floor_s / windows;
    }
    score.worst_stream = std::min(score.worst_stream, accuracy);
    score.below_floor += below_floor_s / scenario.window_s / static_cast<double>(simulated->ids.size());
  }
  return score;
}

Result<Score> best_score(const Contest& contest, const Contender& contender, bool once) {
  Score best{-1};
  for (const auto& policy : contender.policies) {
    const auto reached = contest.scenario ? score_of_scenario(*contest.scenario, policy->name())
                                          : score_of_window(contest, *policy, once);
    if (!reached) return Error{reached.error().code, contest.id + ": " + reached.error().message};
    if (reached->accuracy > best.accuracy) best = *reached;
  }
  return best;
}

void print_table(const std::vector<Contender>& contenders, const std::vector<Contest>& cases,
                 const std::vector<Summary>& summaries) {
  std::printf("%zu cases; accuracies in %%, differences in points to %s, +- is the 95 %% confidence interval\n\n",
              cases.size(), contenders.front().name.c_str());
  std::printf("%-18s %14s %8s %6s %15s %7s %7s %7s %8s  %s\n", "policy", "mean", "worst", "gap", "difference", "least",
              "most", "below", "plan ms", "cases of the least and the most difference");
  std::printf("%-18s %14s %8s %6s %15s %7s %7s %7s\n", "", "", "stream", "", "", "", "", "a_min");
  for (std::size_t p = 0; p < contenders.size(); ++p) {
    const Summary& s = summaries[p];
    std::printf("%-18s %7.2f +-%5.2f %8.2f %6s %+8.2f +-%5.2f %+7.2f %+7.2f %6.1f%% %8s  %s %s\n",
                contenders[p].name.c_str(), 100 * s.accuracy.mean, 100 * s.accuracy.half_width,
                100 * s.worst_stream.mean, percent(s.gap.mean).c_str(), 100 * s.difference.mean,
                100 * s.difference.half_width, 100 * s.least_difference, 100 * s.most_difference, 100 * s.below_floor,
                contenders[p].mean_ms().c_str(), cases[s.least_case].id.c_str(), cases[s.most_case].id.c_str());
  }
}

/// The same for the cases of each range of streams per device.
void print_by_load(const std::vector<Contender>& contenders, const std::vector<Contest>& cases,
                   const std::vector<std::vector<Score>>& scores) {
  constexpr double kEdges[] = {0, 1, 2, 4, 8, 1e9};
  for (std::size_t k = 1; k < std::size(kEdges); ++k) {
    std::vector<Contest> some;
    std::vector<std::vector<Score>> of_them;
    for (std::size_t c = 0; c < cases.size(); ++c) {
      const double load = cases[c].streams_per_device();
      if (load <= kEdges[k - 1] || load > kEdges[k]) continue;
      some.push_back(cases[c]);
      of_them.push_back(scores[c]);
    }
    if (some.empty()) continue;
    std::printf(k + 1 < std::size(kEdges) ? "\nMore than %g, at most %g streams per device: "
                                          : "\nMore than %g streams per device: ",
                kEdges[k - 1], kEdges[k]);
    print_table(contenders, some, summarise(of_them));
  }
}

std::string csv_of(const std::vector<Contender>& contenders, const std::vector<Contest>& cases,
                   const std::vector<std::vector<Score>>& scores) {
  std::string text = "case,policy,accuracy,worst_stream,upper_bound,below_floor\n";
  for (std::size_t c = 0; c < cases.size(); ++c)
    for (std::size_t p = 0; p < contenders.size(); ++p) {
      char numbers[128];
      const Score& s = scores[c][p];
      std::snprintf(numbers, sizeof numbers, ",%.9f,%.9f,%.9f,%.9f\n", s.accuracy, s.worst_stream, s.upper_bound,
                    s.below_floor);
      text += cases[c].id + "," + contenders[p].name + numbers;
    }
  return text;
}

Status compare(const Options& options) {
  std::vector<Contender> contenders;
  for (const std::string& name : options.policies) {
    auto made = contender(name);
    if (!made) return made.error();
    contenders.push_back(std::move(*made));
  }
  const auto cases = contests(options.contests);
  if (!cases) return cases.error();
  std::vector<std::vector<Score>> scores;
  for (const Contest& contest : *cases) {
    scores.emplace_back();
    for (const Contender& contender : contenders) {
      const auto reached = best_score(contest, contender, options.once);
      if (!reached) return reached.error();
      scores.back().push_back(*reached);
    }
  }
  print_table(contenders, *cases, summarise(scores));
  if (options.by_load) print_by_load(contenders, *cases, scores);
  if (options.csv.empty()) return {};
  const std::string text = csv_of(contenders, *cases, scores);
  return replace_file(FileOps::system(), options.csv, std::as_bytes(std::span(text)));
}

}  // namespace

void add_compare(CLI::App& app, Status& result) {
  auto options = std::make_shared<Options>();
  ContestOptions& contests = options->contests;
  CLI::App* command = app.add_subcommand("compare", "Run policies side by side on the same windows");
  command
      ->add_option("--policies", options->policies,
                   "Comma-separated, the first is the reference; a+b is the better of both: " + known_policies())
      ->required()
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("SCENARIO", contests.scenarios, "Scenario files; - is the standard input");
  command->add_option("--generate", contests.generate, "So many scenarios, as of `ekya-sim generate`")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--windows", contests.windows, "Windows of a generated scenario, one after another")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--cases", contests.cases, "An examples.json of recorded one-window cases");
  command->add_option("--recorded", contests.recorded, "Folder with the recorded tables to draw windows from");
  command->add_option("--streams", contests.streams,
                      "Counts, such as 10 or 2,4 or 1-8; each of them, or drawn from where generated");
  command->add_option("--devices", contests.devices, "Counts");
  command->add_option("--draws", contests.draws, "Windows for each count of streams and devices")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", contests.draw.seed)->capture_default_str();
  command->add_option("--curve", contests.curve, "Speed of a job by its share: linear, mps, and mixed where generated")
      ->check(CLI::IsMember(curve_names()));
  command->add_flag("--separate", contests.separate,
                    "Devices of capacity 1 each; else one pool that jobs may straddle");
  command->add_flag("--predicted", contests.draw.predicted, "Plan on what was predicted, run on what was measured");
  command->add_option("--quantum", contests.draw.quantum)->check(CLI::Range(0.001, 1.0))->capture_default_str();
  command->add_option("--lattice", contests.draw.lattice, "Distance of the inference configs, in devices")
      ->check(CLI::Range(0.001, 1.0))
      ->capture_default_str();
  command->add_option("--window", contests.draw.window_s, "In seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--min-accuracy", contests.draw.min_accuracy)->check(CLI::Range(0.0, 1.0))->capture_default_str();
  command->add_option("--work-scale", contests.draw.work_scale, "Of every retraining config")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--error", contests.error, "Relative deviation of the estimates")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--kappa", contests.kappa, "Plan on mean - kappa * deviation")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_flag("--once", options->once, "Follow the first plan to the end; else plan again when a job ends");
  command->add_flag("--by-load", options->by_load, "Also a table for each range of streams per device");
  command->add_option("--csv", options->csv, "File for the scores, a line for each case and policy");
  command->callback([options, &result] { result = compare(*options); });
}

}  // namespace ekya::sim
