// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <utility>

#include "ekya/learner/retrainer.h"

namespace ekya::learner {
namespace {

constexpr int kTestCrops = 96;

double share_right(const std::vector<int>& answers, const std::vector<int>& truth) {
  int right = 0;
  for (std::size_t i = 0; i < std::min(answers.size(), truth.size()); ++i) right += answers[i] == truth[i];
  return truth.empty() ? 0 : static_cast<double>(right) / static_cast<double>(truth.size());
}

/// A config of the probe's own. The head alone takes two epochs: the second, on the features that the first computed,
/// is what most steps of its configs cost.
TrainingConfig probe_config(const std::vector<TrainingConfig>& configs, TrainedLayers layers) {
  TrainingConfig config{kProbeConfig, layers == TrainedLayers::kHead ? 2 : 1, 32, layers, 1, 0.01};
  for (const TrainingConfig& known : configs)
    if (known.layers == layers) config.batch_size = known.batch_size;
  config.batch_size = std::min(config.batch_size, kProbeSamples);
  config.id += layers == TrainedLayers::kHead ? "-head" : "-all";
  return config;
}

void keep_first(LabelledCrops& crops, int most) {
  if (crops.count() <= most) return;
  const std::size_t crop = std::size_t{3} * crops.size * crops.size, count = static_cast<std::size_t>(most);
  crops.pixels.resize(crop * count);
  crops.labels.resize(count);
  crops.weights.resize(count);
}

}  // namespace

/// Trains briefly and throws the result away: from it come the first times and the first gains of all configs.
void Retrainer::run_probe() {
  begin_running(kProbeConfig, 0);
  host_.job_news({JobNews::Kind::kStarted, kProbeConfig, "measuring what retraining costs and brings"});
  ask("update");
  std::uint64_t window = 0;
  LabelledCrops test;
  {
    MutexLock lock(mutex_);
    window = window_;
    test = recent_.untrained(recent_.last_number(), window, kTestCrops).crops;
  }
  keep_first(test, kTestCrops);
  TrainingSetOptions small;
  small.max_recent = kProbeSamples * 2 / 3;
  small.max_exemplars = kProbeSamples / 3;
  const auto data = load_training_set(*samples_, model_, window, 1, 2, small);
  Status status = data ? Status{} : data.error();
  for (const TrainedLayers layers : {TrainedLayers::kHead, TrainedLayers::kAll}) {
    const bool used = std::any_of(options_.configs.begin(), options_.configs.end(),
                                  [&](const TrainingConfig& config) { return config.layers == layers; });
    if (status && used) status = probe(layers, *data, test);
  }
  end_running();
  if (status)
    host_.job_news({JobNews::Kind::kCompleted, kProbeConfig, "measured"});
  else
    job_failed({kProbeConfig}, status.error());
  if (!stopping()) ask("job-done");
}

Status Retrainer::probe(TrainedLayers layers, const LabelledCrops& data, const LabelledCrops& test) {
  const TrainingConfig config = probe_config(options_.configs, layers);
  std::shared_ptr<const Classifier> live;
  {
    MutexLock lock(mutex_);
    live = live_;
  }
  std::unique_ptr<TrainingJob> training;
  Status status = under_lease([&]() -> Status {
    auto started = engine_->train(*live, data, train_options(config));
    if (!started) return started.error();
    training = *std::move(started);
    return {};
  });
  if (status) status = run_steps(config, *training);
  if (!status) return status;
  const auto candidate = training->classifier();
  if (!candidate) return candidate.error();
  const auto before = answers(*live, test);
  if (!before) return before.error();
  const auto after = answers(**candidate, test);
  if (!after) return after.error();
  estimator_.record_probe(layers, share_right(*before, test.labels), share_right(*after, test.labels));
  return {};
}

}  // namespace ekya::learner
