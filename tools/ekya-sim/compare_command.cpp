// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdio>

#include "ekya-sim/commands.h"
#include "ekya-sim/input.h"
#include "ekya/base/file_ops.h"
#include "ekya/scheduler/policy.h"
#include "ekya/sim/compare.h"
#include "ekya/sim/estimate_error.h"
#include "ekya/sim/execute.h"
#include "ekya/sim/recorded.h"

namespace ekya::sim {
namespace {

struct Options {
  std::string recorded, cases;
  std::string streams = "10", devices = "1", curve = "linear";
  bool separate = false;
  int draws = 10;
  DrawOptions draw;
  std::vector<std::string> policies;
  double error = 0, kappa = 0;
  bool once = false;
  std::string csv;
};

Status add_cases(const Options& options, std::vector<Case>& cases) {
  const auto text = read_text(options.cases);
  if (!text) return text.error();
  auto read = cases_from_json(*text);
  if (!read) return Error{read.error().code, options.cases + ": " + read.error().message};
  for (Case& one : *read) cases.push_back(std::move(one));
  return {};
}

Status add_draws(const Options& options, std::vector<Case>& cases) {
  const auto recorded = read_recorded(FileOps::system(), options.recorded);
  if (!recorded) return recorded.error();
  const auto streams = parse_counts(options.streams), devices = parse_counts(options.devices);
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
        draw_options.seed = options.draw.seed + static_cast<std::uint64_t>(i);
        cases.push_back(draw(*recorded, draw_options));
      }
  return {};
}

Result<std::vector<Case>> all_cases(const Options& options) {
  std::vector<Case> cases;
  if (!options.cases.empty())
    if (Status s = add_cases(options, cases); !s) return s.error();
  if (!options.recorded.empty())
    if (Status s = add_draws(options, cases); !s) return s.error();
  if (cases.empty())
    return Error{ErrorCode::kInvalidArgument, "nothing to compare on; give --recorded FOLDER or --cases FILE"};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (options.error > 0)
      cases[i].believed = with_estimate_error(cases[i].truth, options.error, options.draw.seed + i);
    cases[i].believed.kappa = options.kappa;
  }
  return cases;
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

void print_table(const std::vector<std::unique_ptr<TimedPolicy>>& policies, const std::vector<Case>& cases,
                 const std::vector<Summary>& summaries) {
  std::printf("%zu cases; accuracies in %%, differences in points to %s, +- is the 95 %% confidence interval\n\n",
              cases.size(), policies.front()->name().c_str());
  std::printf("%-16s %14s %12s %12s %15s %10s %12s %10s  %s\n", "policy", "mean", "worst stream", "gap", "difference",
              "worst", "below floor", "plan ms", "worst case");
  for (std::size_t p = 0; p < policies.size(); ++p) {
    const Summary& s = summaries[p];
    std::printf("%-16s %7.2f +-%5.2f %12.2f %12.2f %+8.2f +-%5.2f %+10.2f %11.1f%% %10.3f  %s\n",
                policies[p]->name().c_str(), 100 * s.accuracy.mean, 100 * s.accuracy.half_width,
                100 * s.worst_stream.mean, 100 * s.gap.mean, 100 * s.difference.mean, 100 * s.difference.half_width,
                100 * s.worst_difference, 100 * s.below_floor, policies[p]->mean_ms(), cases[s.worst_case].id.c_str());
  }
}

std::string csv_of(const std::vector<std::unique_ptr<TimedPolicy>>& policies, const std::vector<Case>& cases,
                   const std::vector<std::vector<Score>>& scores) {
  std::string text = "case,policy,accuracy,worst_stream,upper_bound,below_floor\n";
  for (std::size_t c = 0; c < cases.size(); ++c)
    for (std::size_t p = 0; p < policies.size(); ++p) {
      char numbers[128];
      const Score& s = scores[c][p];
      std::snprintf(numbers, sizeof numbers, ",%.9f,%.9f,%.9f,%.9f\n", s.accuracy, s.worst_stream, s.upper_bound,
                    s.below_floor);
      text += cases[c].id + "," + policies[p]->name() + numbers;
    }
  return text;
}

Status compare(const Options& options) {
  std::vector<std::unique_ptr<TimedPolicy>> policies;
  for (const std::string& name : options.policies) {
    auto policy = timed_policy(name);
    if (!policy) return policy.error();
    policies.push_back(std::move(*policy));
  }
  const auto cases = all_cases(options);
  if (!cases) return cases.error();
  std::vector<std::vector<Score>> scores;
  for (const Case& one : *cases) {
    scores.emplace_back();
    for (const auto& policy : policies) {
      const auto reached = score(one, *policy, options.once);
      if (!reached) return reached.error();
      scores.back().push_back(*reached);
    }
  }
  print_table(policies, *cases, summarise(scores));
  if (options.csv.empty()) return {};
  const std::string text = csv_of(policies, *cases, scores);
  return replace_file(FileOps::system(), options.csv, std::as_bytes(std::span(text)));
}

}  // namespace

void add_compare(CLI::App& app, Status& result) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compare", "Run policies side by side on the same windows");
  command
      ->add_option("--policies", options->policies, "Comma-separated, the first is the reference: " + known_policies())
      ->required()
      ->delimiter(',');
  command->add_option("--cases", options->cases, "An examples.json of recorded one-window cases");
  command->add_option("--recorded", options->recorded, "Folder with the recorded tables to draw windows from");
  command->add_option("--streams", options->streams, "Counts, such as 10 or 2,4 or 1-8")->capture_default_str();
  command->add_option("--devices", options->devices, "Counts")->capture_default_str();
  command->add_option("--draws", options->draws, "Windows for each count of streams and devices")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", options->draw.seed)->capture_default_str();
  command->add_option("--curve", options->curve, "Speed of a job by its share")
      ->check(CLI::IsMember({"linear", "mps"}))
      ->capture_default_str();
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
  command->add_option("--csv", options->csv, "File for the scores, a line for each case and policy");
  command->callback([options, &result] { result = compare(*options); });
}

}  // namespace ekya::sim
