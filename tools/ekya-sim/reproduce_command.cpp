// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cstdio>
#include <span>

#include "ekya-sim/commands.h"
#include "ekya-sim/reproduce/experiments.h"
#include "ekya/base/file_ops.h"

namespace ekya::sim {
namespace {

struct Options {
  std::vector<std::string> names;
  std::string recorded, output = ".";
  int draws = 0;
  std::uint64_t seed = 1;
  bool list = false;
};

void print_list() {
  for (const Experiment& one : experiments()) std::printf("%-15s %s\n", one.name.c_str(), one.what.c_str());
}

Result<std::vector<const Experiment*>> chosen(const std::vector<std::string>& names) {
  std::vector<const Experiment*> found;
  for (const std::string& name : names) {
    const auto before = found.size();
    for (const Experiment& one : experiments())
      if (name == "all" || name == one.name) found.push_back(&one);
    if (found.size() == before)
      return Error{ErrorCode::kNotFound, "no experiment '" + name + "'; `ekya-sim reproduce --list` names them"};
  }
  if (found.empty()) return Error{ErrorCode::kInvalidArgument, "no experiment named; see `ekya-sim reproduce --list`"};
  return found;
}

Status reproduce_one(const Experiment& experiment, Bench bench, const Options& options) {
  bench.draws = options.draws > 0 && experiment.draws > 1 ? options.draws : experiment.draws;
  const auto text = experiment.run(bench);
  if (!text) return Error{text.error().code, experiment.name + ": " + text.error().message};
  const std::string path = options.output + "/" + experiment.name + ".csv";
  if (Status s = replace_file(FileOps::system(), path, std::as_bytes(std::span(*text))); !s) return s;
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  return {};
}

Status reproduce(const Options& options) {
  if (options.list) {
    print_list();
    return {};
  }
  const auto found = chosen(options.names);
  if (!found) return found.error();
  Bench bench;
  bench.seed = options.seed;
  const bool needs_recorded =
      std::any_of(found->begin(), found->end(), [](const Experiment* one) { return one->needs_recorded; });
  if (needs_recorded) {
    if (options.recorded.empty())
      return Error{ErrorCode::kInvalidArgument, "--recorded: the folder with the recorded tables is needed"};
    auto recorded = read_recorded(FileOps::system(), options.recorded);
    if (!recorded) return recorded.error();
    bench.recorded = std::move(*recorded);
  }
  for (const Experiment* one : *found)
    if (Status s = reproduce_one(*one, bench, options); !s) return s;
  return {};
}

}  // namespace

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all{
      {"worked-example", "2 streams, 3 GPUs, 2 windows (figure 4)", false, 1, worked_example_table},
      {"streams", "accuracy by the number of streams on 1 and 2 GPUs (figure 6)", true, 60, by_streams},
      {"gpus", "accuracy by the number of GPUs, 10 streams (figure 8)", true, 40, by_gpus},
      {"capacity", "most streams at a target accuracy by GPUs (table 2)", true, 20, capacity},
      {"allocation", "shares over time, 2 streams, 6 windows (figure 9)", true, 1, allocation},
      {"ablations", "fixed config, fixed share (figure 10)", true, 40, ablations},
      {"window", "accuracy by the length of the window (figure 10b)", true, 20, by_window},
      {"delta", "accuracy and decision time by the quantum", true, 30, by_quantum},
      {"error", "accuracy by the error of the estimates (figure 11b)", true, 40, by_error},
      {"cloud", "retraining in a cloud by its network (table 3)", true, 40, cloud},
      {"cached", "stored models in place of retraining (figure 12a)", true, 40, cached},
      {"micro-profile", "error of the recorded micro-profiles (figure 11a)", true, 1, micro_profile},
  };
  return all;
}

void add_reproduce(CLI::App& app, Status& result) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("reproduce", "Run the paper's experiments; tools/ekya-sim/plot.py draws them");
  command->add_option("NAME", options->names, "Experiments, or all");
  command->add_flag("--list", options->list, "Print the experiments");
  command->add_option("--recorded", options->recorded, "Folder with the recorded tables");
  command->add_option("--output", options->output, "Folder for NAME.csv")->capture_default_str();
  command->add_option("--draws", options->draws, "Random draws in place of the experiment's own number")
      ->check(CLI::PositiveNumber);
  command->add_option("--seed", options->seed, "Of the first draw")->capture_default_str();
  command->callback([options, &result] { result = reproduce(*options); });
}

}  // namespace ekya::sim
