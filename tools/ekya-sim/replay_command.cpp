// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cmath>
#include <cstdio>
#include <span>

#include "ekya-sim/commands.h"
#include "ekya-sim/input.h"
#include "ekya/base/file_ops.h"
#include "ekya/sim/replay.h"
#include "ekya/sim/scenario_json.h"

namespace ekya::sim {
namespace {

struct Options {
  std::string trace, policy, scenario;
};

void print_table(const Recording& recording, const Simulated& simulated, const std::string& policy) {
  std::printf("%6s %-16s %10s %10s %11s\n", "window", "stream", "measured", "replayed", "difference");
  for (std::size_t w = 0; w < recording.measured.size(); ++w)
    for (std::size_t v = 0; v < simulated.ids.size(); ++v) {
      const double measured = recording.measured[w][v], replayed = simulated.windows[w][v].measured;
      std::printf("%6zu %-16s %10s %10s %11s\n", w + 1, simulated.ids[v].c_str(), percent(measured).c_str(),
                  percent(replayed).c_str(), percent(replayed - measured).c_str());
    }
  const Agreement result = agreement(recording, simulated);
  std::printf("\nrecorded under %s, replayed under %s, %d windows measured\n", recording.policy.c_str(), policy.c_str(),
              result.windows);
  std::printf("mean: measured %.2f %%, replayed %.2f %%\n", 100 * result.measured, 100 * result.simulated);
  std::printf("mean distance: %.2f points of a window's mean over its streams, %.2f points of a stream in a window\n",
              100 * result.mean_of_windows, 100 * result.mean_of_streams);
}

Status replay(const Options& options) {
  const auto text = read_text(options.trace);
  if (!text) return text.error();
  const auto trace = trace_from_json_lines(*text);
  if (!trace) return in_file(options.trace, trace.error());
  const auto recording = recording_of(*trace);
  if (!recording) return in_file(options.trace, recording.error());
  if (!options.scenario.empty()) {
    const std::string json = to_json(recording->scenario);
    if (Status s = replace_file(FileOps::system(), options.scenario, std::as_bytes(std::span(json))); !s) return s;
  }
  const std::string policy = options.policy.empty() ? recording->policy : options.policy;
  const auto simulated = simulate(recording->scenario, policy);
  if (!simulated) return in_file(options.trace, simulated.error());
  print_table(*recording, *simulated, policy);
  return {};
}

}  // namespace

void add_replay(CLI::App& app, Status& result) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("replay", "Run what a trace recorded again, under its policy or another");
  command
      ->add_option("TRACE", options->trace,
                   "What ekyascheduler or `ekya-sim run --trace` wrote; - is the standard input")
      ->required();
  command->add_option("--policy", options->policy, "By default the trace's: " + known_policies())
      ->check(CLI::IsMember(scheduler::policy_names()).description("NAME"));
  command->add_option("--scenario", options->scenario, "File for the scenario that the trace is taken for");
  command->callback([options, &result] { result = replay(*options); });
}

}  // namespace ekya::sim
