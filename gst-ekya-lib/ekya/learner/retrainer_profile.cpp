// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <utility>

#include "ekya/learner/evaluation.h"
#include "ekya/learner/retrainer.h"

namespace ekya::learner {
namespace {

constexpr int kTestCrops = 96;
constexpr double kHope = 0.5;  // Part of the error left that a first profile may lead to removing: nobody knows yet.

void keep_first(LabelledCrops& crops, int most) {
  if (crops.count() <= most) return;
  const std::size_t crop = std::size_t{3} * crops.size * crops.size, count = static_cast<std::size_t>(most);
  crops.pixels.resize(crop * count);
  crops.labels.resize(count);
  crops.weights.resize(count);
}

double share_right(const std::vector<int>& answers, const std::vector<int>& truth) {
  int right = 0;
  for (std::size_t i = 0; i < std::min(answers.size(), truth.size()); ++i) right += answers[i] == truth[i];
  return truth.empty() ? 0 : static_cast<double>(right) / static_cast<double>(truth.size());
}

}  // namespace

/// Whether there is a profile of this window, from the model that is live.
bool Retrainer::profiled() const {
  MutexLock lock(mutex_);
  return profile_ && profile_->window == window_ && profile_->live == live_;
}

double Retrainer::profile_budget() const {
  Seconds window{0};
  {
    MutexLock lock(mutex_);
    window = window_duration_;
  }
  const double usual = profiler::profile_budget(window, 1);
  // The first profile finds out what a batch costs at all, however short the windows are.
  return profiles_ > 0 ? usual : std::max(usual, first_profile_work());
}

/// One batch and one measurement for each kind of job, a training pass over all layers being three forward passes.
double Retrainer::first_profile_work() const {
  double forward = 0;
  {
    MutexLock lock(mutex_);
    forward = forward_.count();
  }
  double passes = kTestCrops;
  std::vector<std::string> families;
  for (const TrainingConfig& config : options_.configs) {
    const profiler::Candidate candidate = learner::candidate(config);
    if (std::ranges::find(families, candidate.family) != families.end()) continue;
    families.push_back(candidate.family);
    passes += config.batch_size * (candidate.frozen_trunk ? 1 : 3) + kTestCrops;
  }
  return std::max(1e-3, passes * forward / std::max(1, options_.slots));
}

/// What the window's profile is offered for: the best that any config promised so far.
ConfigOffer Retrainer::profile_offer(double live) const {
  double accuracy = live + kHope * std::max(0.0, profiler::MicroProfiler::kCeiling - live);
  if (profiles_ > 0) {
    accuracy = live;
    for (const profiler::Forecast& forecast : profiler_.forecasts()) accuracy = std::max(accuracy, forecast.accuracy);
  }
  return {kProbeConfig, std::max(1e-3, profile_budget()), accuracy, 1.0 / std::max(1, options_.slots)};
}

/// Tries the configs for a small part of the window. Its jobs stay: the one of the config that is granted goes on.
void Retrainer::run_profile() {
  begin_running(kProbeConfig);
  host_.job_news({JobNews::Kind::kStarted, kProbeConfig, "measuring what retraining costs and brings"});
  ask("update");
  Profile profile;
  Status status = begin_profile(profile);
  while (status) {
    const auto slice = profiler_.next();
    if (!slice) break;
    status = run_slice(profile, *slice);
  }
  end_running();
  if (status) {
    ++profiles_;
    host_.job_news({JobNews::Kind::kCompleted, kProbeConfig,
                    "measured " + std::to_string(profile.jobs.size()) + " kinds of retraining"});
    profile_ = std::move(profile);
  } else {
    job_failed({kProbeConfig}, status.error());
  }
  if (!stopping()) ask("job-done");
}

Status Retrainer::begin_profile(Profile& profile) {
  const Seconds begin = steady_now();
  {
    MutexLock lock(mutex_);
    profile.window = window_;
    profile.live = live_;
    profile.labels = labels_;
    profile.trained_number = recent_.last_number();
    profile.test = recent_.untrained(profile.trained_number, window_, kTestCrops).crops;
  }
  keep_first(profile.test, kTestCrops);
  keep_exemplars();
  auto data = load_training_set(*samples_, profile.labels, model_.input_size, profile.window, options_.min_samples / 2,
                                options_.training_set);
  if (!data) return data.error();
  profile.data = *std::move(data);
  if (const Status known = know_live_weights(profile); !known) return known;
  profiler_.costs().record_overhead(steady_now() - begin);
  const Seconds measuring = busy_;
  const auto live = answers(*profile.live, profile.test);
  if (!live) return live.error();
  const Seconds took = busy_ - measuring;
  profiler_.begin(
      {profile.data.count(), profile.test.count(), share_right(*live, profile.test.labels), took, profile_budget()});
  return {};
}

/// A family whose job fails is out, and the others go on. Errors: that the profile as a whole must end.
Status Retrainer::run_slice(Profile& profile, const profiler::Slice& slice) {
  const TrainingConfig* config = find_config(slice.config);
  if (!config) return Error{ErrorCode::kInternal, "the profile asks for an unknown config: " + slice.config};
  const Status done = train_slice(profile, *config, profile.jobs[slice.family], slice.samples);
  if (done || done.error().code == ErrorCode::kCancelled) return done;
  profile.jobs.erase(slice.family);
  profiler_.failed(slice.config);
  return {};
}

Status Retrainer::train_slice(Profile& profile, const TrainingConfig& config, StartedJob& job, int samples) {
  const Seconds busy = busy_;
  Status status;
  if (!job.training)
    status = under_lease([&]() -> Status {
      auto started = engine_->train(*profile.live, profile.data, train_options(config, profile, Schedule::kConstant));
      if (!started) return started.error();
      job.training = *std::move(started);
      return {};
    });
  if (!status) return status;
  const int all = profile.data.count(), per_step = std::max(1, all * config.epochs / job.training->steps());
  const int steps = std::max(1, (samples + per_step / 2) / per_step);
  for (int i = 0; status && i < steps; ++i) status = run_step(config, job, per_step, job.samples < all);
  if (status) status = measure(profile, config, job, steps * per_step, busy);
  return status;
}

/// Tells the profiler what training on so many more samples has brought; `busy_before`: busy_ as it was before them.
Status Retrainer::measure(const Profile& profile, const TrainingConfig& config, const StartedJob& job, int samples,
                          Seconds busy_before) {
  const auto classifier = job.training->classifier();
  if (!classifier) return classifier.error();
  const Seconds begin = busy_;
  const auto found = answers(**classifier, profile.test);
  if (!found) return found.error();
  profiler_.costs().record_evaluation(candidate(config), profile.test.count(), busy_ - begin);
  profiler_.record(
      {config.id, samples, share_right(*found, profile.test.labels), profile.test.count(), busy_ - busy_before});
  return {};
}

}  // namespace ekya::learner
