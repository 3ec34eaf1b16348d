// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/model.h"
#include "ekya/profiler/candidate.h"

namespace ekya::learner {

/// Id of the job that measures what the configs would bring; no config may be called so.
inline constexpr const char* kProbeConfig = "probe";

/// One way to retrain (γ in the paper), as the trainer runs it.
struct TrainingConfig {
  std::string id;
  int epochs = 5;
  int batch_size = 32;
  TrainedLayers layers = TrainedLayers::kAll;
  double fraction = 1;  ///< Of the training set that is used, (0, 1].
  double learning_rate = 0.01;
  bool mirror = false;  ///< Show half of the crops mirrored.
  int head_width = 0;   ///< Neurons of a hidden layer in the head; 0: the head stays as it is.
};

/// 18, as many as in the paper: the head, a head with a hidden layer of 64, or all layers; each with three lengths on
/// all or half of the data. See docs/algorithms/retraining.md.
std::vector<TrainingConfig> default_training_configs();

/// A JSON list of objects with `id` and, optionally, `epochs` (1..1000), `batch-size` (1..1024), `layers` ("head" or
/// "all"), `fraction` (0..1], `learning-rate` (0..10], `mirror` (true or false), `head-width` (0..4096); 1 to 32 of
/// them with unique ids. Empty text: the defaults. Errors: kInvalidArgument naming the place, e.g. `configs[2].epochs:
/// 0 is not in 1..1000`.
Result<std::vector<TrainingConfig>> parse_training_configs(std::string_view json);

/// Steps of a job with this config on a training set of `samples` crops before the fraction is taken; at least 1.
int count_steps(const TrainingConfig& config, int samples);

/// The config as the profiler sees it. Its family is all but epochs and fraction.
profiler::Candidate candidate(const TrainingConfig& config);

}  // namespace ekya::learner
