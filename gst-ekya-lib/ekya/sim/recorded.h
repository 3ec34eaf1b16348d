// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ekya/base/file_ops.h"
#include "ekya/base/result.h"
#include "ekya/scheduler/problem.h"

namespace ekya::sim {

/// A problem as the planner believes it to be, and as it truly is: only the retraining configs' numbers differ.
struct Case {
  std::string id;
  scheduler::Problem believed, truth;
};

/// A retraining config as it was predicted and as it turned out.
struct RecordedConfig {
  std::string id;                               ///< `<hyperparameters>_<epochs>`.
  double accuracy = 0, predicted_accuracy = 0;  ///< After it, in [0, 1].
  double work_s = 0, predicted_work_s = 0;      ///< GPU-seconds on a whole GPU.
};

/// One camera's window: the live student at its start, and what each way to retrain it reached.
struct CityWindow {
  std::string city;
  int window = 0;
  double accuracy = 0;  ///< At the window's start, in [0, 1].
  std::vector<RecordedConfig> configs;
};

/// Accuracy by frame sampling: one frame in `rate` keeps `factor` of the accuracy. Rates ascend.
struct SamplingPoint {
  double rate = 1;
  double factor = 1;
};
using SamplingProfile = std::vector<SamplingPoint>;

/// The recorded tables of one folder.
struct Recorded {
  std::vector<CityWindow> windows;
  std::map<std::string, SamplingProfile> profiles;  ///< By the names of inference-profiles.csv.
  std::vector<scheduler::CurvePoint> mps;           ///< Speed by share of one GPU; empty where the file is missing.
};

/// Reads profiles-cityscapes-18cfg.csv, inference-profiles.csv and mps-scaling.csv. Errors: as of FileOps::read();
/// kCorrupt with file, line and column.
Result<Recorded> read_recorded(FileOps& files, const std::string& folder);

/// The recorded one-window cases of an examples.json, in its order: one inference config for each multiple of `lattice`
/// devices; 0: of the finest lattice that the case names, so that "the best config that fits" is the public code's
/// continuous factor at every share that occurs. Errors: kCorrupt.
Result<std::vector<Case>> cases_from_json(std::string_view text, double lattice = 0);

/// How a case is drawn from the recorded windows.
struct DrawOptions {
  int streams = 10;
  int devices = 1;
  bool pooled = true;  ///< One device of capacity `devices`, as in the examples; else `devices` devices of capacity 1.
  bool mps = false;    ///< Speed by the recorded MPS curve, and a job uses at most one GPU; else linear.
  bool predicted = false;  ///< The planner believes what was predicted; else the truth.
  double work_scale = 1;   ///< Of every config's work; 0.1 is what a feature cache leaves.
  double window_s = 200;
  double quantum = 0.1;
  double min_accuracy = 0;
  double full_demand = 0.25;  ///< Of inference on every frame, in devices.
  double lattice = 0.025;     ///< Distance of the shares for which there is an inference config, in devices.
  std::uint64_t seed = 1;
};

/// Draws recorded windows without putting them back; where they run out, noisy copies follow (start ± 0.03,
/// accuracies ± 0.01, work × 0.85 to 1.15, as in the examples). The same options give the same case on every machine.
/// `recorded` has windows and profiles.
Case draw(const Recorded& recorded, const DrawOptions& options);

/// The devices of a case that is drawn.
std::vector<scheduler::Device> devices_of(const Recorded& recorded, const DrawOptions& options);

/// The inference factor at a share: linear between the recorded sampling rates, of which `full_demand / share` is
/// needed; 0 beyond the last.
double factor_at(const SamplingProfile& profile, double full_demand, double share);

/// One inference config for each multiple of `lattice` up to the first that reaches `full_demand`, named by its number.
std::vector<scheduler::InferenceConfig> lattice_configs(const SamplingProfile& profile, double full_demand,
                                                        double lattice);

}  // namespace ekya::sim
