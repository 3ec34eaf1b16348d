// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <span>

#include "ekya-sim/commands.h"
#include "ekya-sim/input.h"
#include "ekya/base/file_ops.h"
#include "ekya/base/random.h"
#include "ekya/scheduler/policy.h"
#include "ekya/sim/compare.h"
#include "ekya/sim/estimate_error.h"
#include "ekya/sim/execute.h"
#include "ekya/sim/generate.h"
#include "ekya/sim/recorded.h"
#include "ekya/sim/scenario_json.h"

namespace ekya::sim {
namespace {

struct Options {
  std::vector<std::string> scenarios;
  std::string recorded, cases;
  int generate = 0;
  std::string streams, devices, curve;
  bool separate = false;
  int draws = 10;
  DrawOptions draw;
  std::vector<std::string> policies;
  double error = 0, kappa = 0;
  bool once = false, by_load = false;
  std::string csv;

  std::uint64_t seed_of(std::size_t i) const { return draw.seed + i; }
  std::string or_else(const std::string& given, const char* usual) const { return given.empty() ? usual : given; }
};

Status add_cases(const Options& options, std::vector<Case>& cases) {
  const auto text = read_text(options.cases);
  if (!text) return text.error();
  auto read = cases_from_json(*text);
  if (!read) return in_file(options.cases, read.error());
  for (Case& one : *read) cases.push_back(std::move(one));
  return {};
}

Status add_draws(const Options& options, std::vector<Case>& cases) {
  const auto recorded = read_recorded(FileOps::system(), options.recorded);
  if (!recorded) return recorded.error();
  const auto streams = parse_counts(options.or_else(options.streams, "10"));
  const auto devices = parse_counts(options.or_else(options.devices, "1"));
  if (!streams) return streams.error();
  if (!devices) return devices.error();
  DrawOptions draw_options = options.draw;
  draw_options.pooled = !options.separate;
  draw_options.mps = options.curve == "mps";
  for (const int v : *streams)
    for (const int g : *devices)
      for (int i = 0; i < options.draws; ++i) {
        draw_options.streams = v;
        draw_options.devices = g;
        draw_options.seed = options.seed_of(static_cast<std::size_t>(i));
        cases.push_back(draw(*recorded, draw_options));
      }
  return {};
}

Case case_of(const std::string& id, const Scenario& scenario) {
  std::vector<double> accuracy;
  for (const ScenarioStream& stream : scenario.streams)
    accuracy.push_back(std::clamp(stream.accuracy - stream.windows[0].drop, 0.0, 1.0));
  return {id, problem_of(scenario, 0, accuracy, /*believed=*/true), problem_of(scenario, 0, accuracy, false)};
}

Status add_scenarios(const Options& options, std::vector<Case>& cases) {
  for (const std::string& path : options.scenarios) {
    const auto text = read_text(path);
    if (!text) return text.error();
    const auto scenario = scenario_from_json(*text);
    if (!scenario) return in_file(path, scenario.error());
    if (!is_one_problem(*scenario))
      return Error{ErrorCode::kInvalidArgument, path + ": has several windows or delays; use `ekya-sim run`"};
    cases.push_back(case_of(path, *scenario));
  }
  return {};
}

Status add_generated(const Options& options, std::vector<Case>& cases) {
  const auto streams = parse_counts(options.or_else(options.streams, "1-10"));
  const auto devices = parse_counts(options.or_else(options.devices, "1-4"));
  if (!streams) return streams.error();
  if (!devices) return devices.error();
  GenerateOptions generate_options;
  generate_options.pooled = !options.separate;
  generate_options.curve = curve_named(options.or_else(options.curve, "mixed"));
  generate_options.window_s = options.draw.window_s;
  generate_options.quantum = options.draw.quantum;
  generate_options.min_accuracy = options.draw.min_accuracy;
  for (int i = 0; i < options.generate; ++i) {
    generate_options.seed = options.seed_of(static_cast<std::size_t>(i));
    Random random(generate_options.seed, 1);
    generate_options.streams = (*streams)[static_cast<std::size_t>(random.below(static_cast<int>(streams->size())))];
    generate_options.devices = (*devices)[static_cast<std::size_t>(random.below(static_cast<int>(devices->size())))];
    cases.push_back(case_of("seed-" + std::to_string(generate_options.seed), generate(generate_options)));
  }
  return {};
}

Result<std::vector<Case>> all_cases(const Options& options) {
  std::vector<Case> cases;
  if (!options.cases.empty())
    if (Status s = add_cases(options, cases); !s) return s.error();
  if (Status s = add_scenarios(options, cases); !s) return s.error();
  if (Status s = add_generated(options, cases); !s) return s.error();
  if (!options.recorded.empty())
    if (Status s = add_draws(options, cases); !s) return s.error();
  if (cases.empty())
    return Error{ErrorCode::kInvalidArgument,
                 "nothing to compare on; give scenarios, --generate N, --recorded FOLDER or --cases FILE"};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (options.error > 0) cases[i].believed = with_estimate_error(cases[i].truth, options.error, options.seed_of(i));
    cases[i].believed.kappa = options.kappa;
  }
  return cases;
}

/// A policy, or the better of several on each case.
struct Contender {
  std::string name;
  std::vector<std::unique_ptr<TimedPolicy>> policies;

  double mean_ms() const {
    double sum = 0;
    for (const auto& policy : policies) sum += policy->mean_ms();
    return sum;
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

Result<Score> score(const Case& one, const scheduler::Policy& policy, bool once) {
  const auto executed =
      once ? execute_plan(one.truth, decide(policy, one.believed)) : execute(one.believed, one.truth, policy);
  if (!executed) return Error{executed.error().code, one.id + ": " + executed.error().message};
  Score score{executed->mean_accuracy, 1, executed->upper_bound, 0};
  for (double accuracy : executed->accuracy) score.worst_stream = std::min(score.worst_stream, accuracy);
  for (double seconds : executed->below_floor_s)
    score.below_floor += seconds / one.truth.window_s / static_cast<double>(executed->below_floor_s.size());
  return score;
}

void print_table(const std::vector<Contender>& contenders, const std::vector<Case>& cases,
                 const std::vector<Summary>& summaries) {
  std::printf("%zu cases; accuracies in %%, differences in points to %s, +- is the 95 %% confidence interval\n\n",
              cases.size(), contenders.front().name.c_str());
  std::printf("%-18s %14s %8s %6s %15s %7s %7s %7s %8s  %s\n", "policy", "mean", "worst", "gap", "difference", "least",
              "most", "below", "plan ms", "cases of the least and the most difference");
  std::printf("%-18s %14s %8s %6s %15s %7s %7s %7s\n", "", "", "stream", "", "", "", "", "a_min");
  for (std::size_t p = 0; p < contenders.size(); ++p) {
    const Summary& s = summaries[p];
    std::printf("%-18s %7.2f +-%5.2f %8.2f %6.2f %+8.2f +-%5.2f %+7.2f %+7.2f %6.1f%% %8.3f  %s %s\n",
                contenders[p].name.c_str(), 100 * s.accuracy.mean, 100 * s.accuracy.half_width,
                100 * s.worst_stream.mean, 100 * s.gap.mean, 100 * s.difference.mean, 100 * s.difference.half_width,
                100 * s.least_difference, 100 * s.most_difference, 100 * s.below_floor, contenders[p].mean_ms(),
                cases[s.least_case].id.c_str(), cases[s.most_case].id.c_str());
  }
}

/// The same for the cases of each range of streams per device.
void print_by_load(const std::vector<Contender>& contenders, const std::vector<Case>& cases,
                   const std::vector<std::vector<Score>>& scores) {
  constexpr double kEdges[] = {0, 1, 2, 4, 8, 1e9};
  for (std::size_t k = 1; k < std::size(kEdges); ++k) {
    std::vector<Case> some;
    std::vector<std::vector<Score>> of_them;
    for (std::size_t c = 0; c < cases.size(); ++c) {
      const double load = static_cast<double>(cases[c].truth.streams.size()) / total_capacity(cases[c].truth);
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

std::string csv_of(const std::vector<Contender>& contenders, const std::vector<Case>& cases,
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

Result<Score> best_score(const Case& one, const Contender& contender, bool once) {
  Score best{-1};
  for (const auto& policy : contender.policies) {
    const auto reached = score(one, *policy, once);
    if (!reached) return reached.error();
    if (reached->accuracy > best.accuracy) best = *reached;
  }
  return best;
}

Status compare(const Options& options) {
  std::vector<Contender> contenders;
  for (const std::string& name : options.policies) {
    auto made = contender(name);
    if (!made) return made.error();
    contenders.push_back(std::move(*made));
  }
  const auto cases = all_cases(options);
  if (!cases) return cases.error();
  std::vector<std::vector<Score>> scores;
  for (const Case& one : *cases) {
    scores.emplace_back();
    for (const Contender& contender : contenders) {
      const auto reached = best_score(one, contender, options.once);
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
  CLI::App* command = app.add_subcommand("compare", "Run policies side by side on the same windows");
  command
      ->add_option("--policies", options->policies,
                   "Comma-separated, the first is the reference; a+b is the better of both: " + known_policies())
      ->required()
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("SCENARIO", options->scenarios, "Files of one window each; - is the standard input");
  command->add_option("--generate", options->generate, "So many scenarios, as of `ekya-sim generate`")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--cases", options->cases, "An examples.json of recorded one-window cases");
  command->add_option("--recorded", options->recorded, "Folder with the recorded tables to draw windows from");
  command->add_option("--streams", options->streams,
                      "Counts, such as 10 or 2,4 or 1-8; each of them, or drawn from where generated");
  command->add_option("--devices", options->devices, "Counts");
  command->add_option("--draws", options->draws, "Windows for each count of streams and devices")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", options->draw.seed)->capture_default_str();
  command->add_option("--curve", options->curve, "Speed of a job by its share: linear, mps, and mixed where generated")
      ->check(CLI::IsMember(curve_names()));
  command->add_flag("--separate", options->separate,
                    "Devices of capacity 1 each; else one pool that jobs may straddle");
  command->add_flag("--predicted", options->draw.predicted, "Plan on what was predicted, run on what was measured");
  command->add_option("--quantum", options->draw.quantum)->check(CLI::Range(0.001, 1.0))->capture_default_str();
  command->add_option("--lattice", options->draw.lattice, "Distance of the inference configs, in devices")
      ->check(CLI::Range(0.001, 1.0))
      ->capture_default_str();
  command->add_option("--window", options->draw.window_s, "In seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--min-accuracy", options->draw.min_accuracy)->check(CLI::Range(0.0, 1.0))->capture_default_str();
  command->add_option("--work-scale", options->draw.work_scale, "Of every retraining config")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--error", options->error, "Relative deviation of the estimates")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--kappa", options->kappa, "Plan on mean - kappa * deviation")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_flag("--once", options->once, "Follow the first plan to the end; else plan again when a job ends");
  command->add_flag("--by-load", options->by_load, "Also a table for each range of streams per device");
  command->add_option("--csv", options->csv, "File for the scores, a line for each case and policy");
  command->callback([options, &result] { result = compare(*options); });
}

}  // namespace ekya::sim
