// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/sim/recorded.h"
#include "ekya/sim/scenario.h"
#include "ekya/sim/sweep.h"

namespace ekya::sim {

/// One line of a diagram: a policy, and what it is offered.
struct Line {
  std::string name;
  std::string policy;
  bool retraining = true;          ///< Else all retraining configs are taken away.
  std::string only_config{};       ///< Where given, the only retraining config that is offered.
  bool starts_from_cache = false;  ///< The best stored model, where it is better, is live from the window's begin.
};

/// The best plan without retraining: `phased` without anything to retrain.
inline const Line kBestNoRetraining{"best-no-retraining", "phased", false};

/// phased, thief-wide, thief, exact, uniform, uniform with one config for all, and best-no-retraining.
std::vector<Line> usual_lines();

/// "1 GPU", "2 GPUs".
inline std::string in_gpus(int gpus) { return std::to_string(gpus) + (gpus == 1 ? " GPU" : " GPUs"); }

/// Mean accuracy of one window.
Result<double> accuracy_of(const Line& line, Case one);
/// Mean accuracy of a scenario that runs through the controller.
Result<double> accuracy_of(const Line& line, Scenario scenario);

/// Each line on what `make` draws, a Case or a Scenario.
template <typename Make>
Panel panel(const std::string& name, const std::vector<Line>& lines, const Make& make) {
  return {name, [=](double x, std::uint64_t seed) -> Result<std::vector<double>> {
            const auto drawn = make(x, seed);
            std::vector<double> values;
            for (const Line& line : lines) {
              const auto value = accuracy_of(line, drawn);
              if (!value) return Error{value.error().code, line.name + ": " + value.error().message};
              values.push_back(*value);
            }
            return values;
          }};
}

/// Runs a sweep and writes its table.
Result<std::string> csv_of_sweep(const std::vector<double>& xs, const std::vector<Line>& lines,
                                 const std::vector<Panel>& panels, int draws, std::uint64_t seed);

}  // namespace ekya::sim
