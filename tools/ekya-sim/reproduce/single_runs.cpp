// SPDX-License-Identifier: LGPL-2.1-or-later
// Single runs, without random draws to average over.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "ekya-sim/reproduce/experiments.h"
#include "ekya-sim/reproduce/lines.h"
#include "ekya/sim/recorded_scenario.h"
#include "ekya/sim/simulate.h"
#include "ekya/sim/worked_example.h"

namespace ekya::sim {

Result<std::string> worked_example_table(const Bench&) {
  std::vector<Line> lines{{"uniform", "uniform"}, {"thief", "thief"},   {"thief-wide", "thief-wide"},
                          {"exact", "exact"},     {"phased", "phased"}, kBestNoRetraining};
  std::string text = "line,window 1,window 2,mean,A after window 1,B after window 1\n";
  for (const Line& line : lines) {
    const auto policy = scheduler::make_policy(line.policy);
    if (!policy) return policy.error();
    const auto windows = run_worked_example(**policy, line.retraining);
    if (!windows) return windows.error();
    const double first = windows->at(0).mean_accuracy, second = windows->at(1).mean_accuracy;
    char numbers[128];
    std::snprintf(numbers, sizeof numbers, ",%.5f,%.5f,%.5f,%.2f,%.2f\n", first, second, (first + second) / 2,
                  windows->at(0).end_accuracy[0], windows->at(0).end_accuracy[1]);
    text += line.name + numbers;
  }
  return text;
}

Result<std::string> allocation(const Bench& bench) {
  constexpr int kWindows = 6;
  DrawOptions options;
  options.streams = 2;
  options.devices = 1;
  options.seed = bench.seed;
  const Scenario scenario = draw_scenario(bench.recorded, options, kWindows);
  std::string text = "policy,at_s,stream,kind,share,config\n";
  for (const char* policy : {"phased", "thief-wide"}) {
    const auto simulated = simulate(scenario, policy, [&](const std::string& line) {
      const auto event = nlohmann::json::parse(line);
      if (event.at("type") != "grant") return;
      char row[160];
      std::snprintf(row, sizeof row, "%s,%.2f,%s,%s,%.4f,%s\n", policy, event.at("at").get<double>(),
                    event.at("stream").get<std::string>().c_str(), event.at("kind").get<std::string>().c_str(),
                    event.at("share").get<double>(), event.at("config").get<std::string>().c_str());
      text += row;
    });
    if (!simulated) return simulated.error();
  }
  return text;
}

}  // namespace ekya::sim
