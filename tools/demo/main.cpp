// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-demo: two live test cameras whose scenes drift, played once for each policy over the same seeds.
#include <gst/gst.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "demo_run.h"

namespace {

/// One abrupt drift to night and rain, one gradual drift of the class mix.
std::vector<ekya::demo::CameraSpec> cameras() {
  // As the student was trained on, see ekya-make-models.
  const std::string usual = "car=6,truck=3,person=3,bus=0.05,bicycle=0.05,motorcycle=0.05";
  return {{"night", "abrupt drift to night and rain",
           "seed=11 objects=6 drift=abrupt drift-start=16 light-after=0.1 weather-after=rain class-mix=\"" + usual +
               "\" class-mix-after=\"" + usual + "\"",
           16, 16},
          {"mix", "gradual drift of the class mix",
           "seed=12 objects=6 drift=gradual drift-start=16 drift-duration=8 class-mix=\"" + usual +
               "\" class-mix-after=\"car=1,truck=1,person=1,bus=3,bicycle=3,motorcycle=3\"",
           16, 24}};
}

}  // namespace

int main(int argc, char** argv) {
  std::string models, output;
  std::vector<std::string> policies{"no-retraining", "uniform", "thief"};
  double window_s = 12;
  int windows = 5;
  CLI::App app{"Plays two drifting cameras live, once for each policy, and measures against the ground truth"};
  app.add_option("--models", models, "Folder with demo-student.safetensors and demo-golden.safetensors")->required();
  app.add_option("--output", output, "Folder for report.json, traces and pictures")->required();
  app.add_option("--policy", policies, "Policies to play, one run each");
  app.add_option("--window", window_s, "Window's duration in seconds")->check(CLI::Range(2.0, 600.0));
  app.add_option("--windows", windows, "Windows in a run")->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  gst_init(nullptr, nullptr);

  nlohmann::json report{{"runs", nlohmann::json::array()}};
  for (const std::string& policy : policies) {
    auto run = ekya::demo::play({policy, cameras(), models, output + "/" + policy, window_s, windows});
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
