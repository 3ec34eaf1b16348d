// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdio>

#include "ekya-sim/commands.h"
#include "ekya-sim/input.h"
#include "ekya/sim/generate.h"
#include "ekya/sim/scenario_json.h"

namespace ekya::sim {

void add_generate(CLI::App& app, Status&) {
  auto options = std::make_shared<GenerateOptions>();
  auto curve = std::make_shared<std::string>("mixed");
  CLI::App* command = app.add_subcommand("generate", "Draw a random scenario and print it as JSON");
  const auto number = [command](const char* name, auto& value, auto check, const char* help) {
    command->add_option(name, value, help)->check(check)->capture_default_str();
  };
  command->add_option("--seed", options->seed, "The same seed gives the same scenario")->capture_default_str();
  number("--streams", options->streams, CLI::Range(1, 4096), "Cameras");
  number("--devices", options->devices, CLI::Range(1, 1024), "Devices of capacity 1");
  command->add_flag("--pooled", options->pooled, "One device of that capacity instead, which a job may straddle");
  number("--windows", options->windows, CLI::Range(1, 100000), "Windows, one after another");
  number("--window", options->window_s, CLI::PositiveNumber, "Length of a window, in seconds");
  number("--configs", options->configs, CLI::Range(2, 256), "Most retraining configs of a stream");
  number("--curve", *curve, CLI::IsMember(curve_names()), "Speed of a job by its share");
  number("--quantum", options->quantum, CLI::Range(0.001, 1.0), "Smallest share, in devices");
  number("--min-accuracy", options->min_accuracy, CLI::Range(0.0, 1.0), "Of streams without their own");
  number("--label-delay", options->label_delay_s, CLI::NonNegativeNumber,
         "From a drop to the first labels, in seconds");
  number("--swap-delay", options->swap_delay_s, CLI::NonNegativeNumber, "From a job's end to its model, in seconds");
  number("--error", options->error, CLI::Range(0.0, 1.0), "Relative deviation of the estimates");
  command->callback([options, curve] {
    options->curve = curve_named(*curve);
    std::fputs(to_json(generate(*options)).c_str(), stdout);
  });
}

}  // namespace ekya::sim
