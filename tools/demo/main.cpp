// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-demo: live test cameras whose scenes drift, played once for each policy over the same seeds.
#include <gst/gst.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "demo_run.h"
#include "scenario.h"

int main(int argc, char** argv) {
  std::string models, output, name = "street", prefix = "demo", sprites;
  std::vector<std::string> policies{"no-retraining", "uniform", "thief"};
  double window_s = 12;
  int windows = 0;
  CLI::App app{"Plays drifting cameras live, once for each policy, and measures against the ground truth"};
  app.add_option("--models", models, "Folder with PREFIX-student.safetensors and PREFIX-golden.safetensors")
      ->required();
  app.add_option("--output", output, "Folder for report.json, traces and pictures")->required();
  app.add_option("--scenario", name, "street, conveyor or signs")
      ->check(CLI::IsMember({"street", "conveyor", "signs"}))
      ->capture_default_str();
  app.add_option("--prefix", prefix, "Of the models' names")->capture_default_str();
  app.add_option("--sprites", sprites,
                 "Data set that conveyor and signs show: an IDX file, or a folder with index.csv");
  app.add_option("--policy", policies, "Policies to play, one run each");
  app.add_option("--window", window_s, "Window's duration in seconds")->check(CLI::Range(2.0, 600.0));
  app.add_option("--windows", windows, "Windows in a run; without it, as many as the scenario needs")
      ->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  gst_init(nullptr, nullptr);
  const std::string model = models + "/" + prefix;
  const auto scenario = ekya::demo::scenario(name, sprites);

  nlohmann::json report{{"runs", nlohmann::json::array()}};
  for (const std::string& policy : policies) {
    auto run = ekya::demo::play({policy,
                                 scenario.cameras,
                                 {model + "-student.safetensors", model + "-golden.safetensors"},
                                 output + "/" + policy,
                                 window_s,
                                 windows > 0 ? windows : scenario.windows});
    if (!run) {
      std::fprintf(stderr, "ekya-demo: run %s: %s\n", policy.c_str(), run.error().message.c_str());
      return 1;
    }
    report["runs"].push_back(*std::move(run));
  }
  std::filesystem::create_directories(output);
  std::ofstream(output + "/report.json") << report.dump(2) << '\n';
  return 0;
}
