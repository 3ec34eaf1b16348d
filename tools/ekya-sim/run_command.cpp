// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ekya-sim/commands.h"
#include "ekya-sim/input.h"
#include "ekya/sim/scenario_json.h"
#include "ekya/sim/simulate.h"

namespace ekya::sim {
namespace {

struct Options {
  std::string scenario, policy, trace, format = "table";
};

void print_table(const Simulated& simulated) {
  std::printf("%6s %-16s %10s %10s %10s %14s\n", "window", "stream", "accuracy", "expected", "measured",
              "below a_min, s");
  for (std::size_t w = 0; w < simulated.windows.size(); ++w)
    for (std::size_t v = 0; v < simulated.ids.size(); ++v) {
      const StreamResult& result = simulated.windows[w][v];
      std::printf("%6zu %-16s %10s %10s %10s %14.1f\n", w + 1, simulated.ids[v].c_str(),
                  percent(result.accuracy).c_str(), percent(result.expected).c_str(), percent(result.measured).c_str(),
                  result.below_floor_s);
    }
  std::printf(
      "\nmean accuracy %.2f %%, %d plans, %d jobs; device-seconds: inference %.1f, labelling %.1f, retraining %.1f\n",
      100 * simulated.mean_accuracy, simulated.plans, simulated.jobs_done, simulated.inference_s, simulated.labelling_s,
      simulated.retraining_s);
}

void print_json(const Simulated& simulated, const std::string& policy) {
  using Json = nlohmann::ordered_json;
  Json json{{"policy", policy},
            {"mean_accuracy", simulated.mean_accuracy},
            {"plans", simulated.plans},
            {"jobs_done", simulated.jobs_done},
            {"inference_s", simulated.inference_s},
            {"labelling_s", simulated.labelling_s},
            {"retraining_s", simulated.retraining_s}};
  json["windows"] = Json::array();
  for (const auto& window : simulated.windows) {
    Json streams = Json::array();
    for (std::size_t v = 0; v < simulated.ids.size(); ++v)  // NaN is written as null
      streams.push_back({{"id", simulated.ids[v]},
                         {"accuracy", window[v].accuracy},
                         {"expected", window[v].expected},
                         {"measured", window[v].measured},
                         {"below_floor_s", window[v].below_floor_s}});
    json["windows"].push_back(std::move(streams));
  }
  std::printf("%s\n", json.dump(2).c_str());
}

Status run(const Options& options) {
  const auto text = read_text(options.scenario);
  if (!text) return text.error();
  const auto scenario = scenario_from_json(*text);
  if (!scenario) return in_file(options.scenario, scenario.error());
  std::ofstream file;
  std::function<void(const std::string&)> trace;
  if (!options.trace.empty()) {
    file.open(options.trace, std::ios::binary | std::ios::trunc);
    trace = [&](const std::string& line) { file << line << '\n'; };
  }
  const auto simulated = simulate(*scenario, options.policy, trace);
  if (!simulated) return in_file(options.scenario, simulated.error());
  if (!options.trace.empty() && !file.flush())
    return Error{ErrorCode::kIo, options.trace + ": cannot be written; is there room, and may you write there?"};
  if (options.format == "json")
    print_json(*simulated, options.policy);
  else
    print_table(*simulated);
  return {};
}

}  // namespace

void add_run(CLI::App& app, Status& result) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Run the windows of a scenario under a policy");
  command
      ->add_option("SCENARIO", options->scenario,
                   "JSON file as docs/scenario.schema.json says; - is the standard input")
      ->required();
  add_policy_option(*command, options->policy);
  command->add_option("--trace", options->trace,
                      "File for what happened, in the format of ekyascheduler's history-file");
  command->add_option("--format", options->format)->check(CLI::IsMember({"table", "json"}))->capture_default_str();
  command->callback([options, &result] { result = run(*options); });
}

}  // namespace ekya::sim
