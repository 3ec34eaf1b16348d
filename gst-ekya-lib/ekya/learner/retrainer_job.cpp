// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cmath>
#include <utility>

#include "ekya/learner/evaluation.h"
#include "ekya/learner/retrainer.h"

namespace ekya::learner {
namespace {

Error cancelled() { return {ErrorCode::kCancelled, "stopped before its end"}; }

/// Ends the lease also when an allocation throws.
class Working {
 public:
  explicit Working(RetrainerHost& host) : host_(host) {}
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;
  ~Working() { host_.end_work(); }

 private:
  RetrainerHost& host_;
};

}  // namespace

void Retrainer::begin_running(const std::string& config) {
  model_replaced_ = paused_a_window_ = abandoned_ = false;
  unsaved_.reset();
  MutexLock lock(mutex_);
  running_ = counts_.last_config = config;
  counts_.state = "running " + config;
}

void Retrainer::end_running() {
  MutexLock lock(mutex_);
  running_.clear();
  if (grant_) served_plan_ = grant_->plan;
}

void Retrainer::run_job(const TrainingConfig& config) {
  begin_running(config.id);
  host_.job_news({JobNews::Kind::kStarted, config.id, "retraining " + config.id});
  ask("update");
  Job job;
  job.config = config;
  Status status = train(job);
  Result<GateEvidence> evidence = Error{};
  if (status) {
    evidence = examine(job);
    if (!evidence) status = evidence.error();
  }
  end_running();
  if (status)
    judge(std::move(job), *evidence);
  else
    job_failed(config, status.error());
  if (!stopping()) ask("job-done");
}

/// Waits for its turn, serving what happens meanwhile, then does one piece of work.
Status Retrainer::under_lease(const std::function<Status()>& work) {
  constexpr Seconds kPatience{0.1};
  constexpr std::chrono::milliseconds kPause{20};
  for (;;) {
    if (!serve_events()) return cancelled();
    if (host_.begin_work(kPatience)) break;
    MutexLock lock(mutex_);  // It may have refused at once.
    if (!stop_) changed_.wait_for(lock, kPause);
  }
  const Working lease(host_);
  const Seconds begin = steady_now();
  const Status done = work();
  busy_ += steady_now() - begin;
  return done;
}

TrainOptions Retrainer::train_options(const TrainingConfig& config, const Profile& profile, Schedule schedule) {
  TrainOptions options;
  options.labels = profile.labels;
  options.epochs = config.epochs;
  options.batch_size = config.batch_size;
  options.layers = config.layers;
  options.learning_rate = config.learning_rate;
  options.mirror = config.mirror;
  options.head_width = config.head_width;
  options.schedule = schedule;
  options.feature_cache = options_.feature_cache;
  options.seed = options_.seed + jobs_++;
  return options;
}

Status Retrainer::train(Job& job) {
  if (profiled()) {
    job.profile = *std::exchange(profile_, std::nullopt);
  } else if (const Status begun = begin_profile(job.profile); !begun) {
    return begun;
  }
  profile_.reset();
  profiler_.choose(job.config.id);
  {
    MutexLock lock(mutex_);
    new_labels_ = 0;
    last_job_window_ = job.profile.window;
    urgent_ = false;
  }
  job.from_weights = live_weights_.weights;
  const LabelledCrops data = thinned(job.profile.data, job.config.fraction);
  auto started = go_on(job.profile, data, job.config);
  if (!started) return started.error();
  const Status status = run_epochs(job.profile, job.config, *started, data.count());
  if (!status) return status;
  auto weights = started->training->weights();
  if (!weights) return weights.error();
  job.weights = *std::move(weights);
  auto candidate = started->training->classifier();
  if (!candidate) return candidate.error();
  job.candidate = *std::move(candidate);
  return {};
}

/// What to go back to and to store: of all layers, whichever are trained. A training job is what gives weights: it
/// begins on one crop and ends there.
Status Retrainer::know_live_weights(const Profile& profile) {
  if (live_weights_.classifier == profile.live) return {};
  TrainOptions options;
  options.layers = TrainedLayers::kAll;
  options.labels = profile.labels;
  const LabelledCrops one = thinned(profile.data, 0);
  return under_lease([&]() -> Status {
    const auto copy = engine_->train(*profile.live, one, options);
    if (!copy) return copy.error();
    auto weights = (*copy)->weights();
    if (!weights) return weights.error();
    live_weights_ = {profile.live, *std::move(weights)};
    return {};
  });
}

/// The job that was profiled, set on the config's data and on the epochs that are left of it; else a new one.
Result<Retrainer::StartedJob> Retrainer::go_on(Profile& profile, const LabelledCrops& data,
                                               const TrainingConfig& config) {
  const auto found = profile.jobs.find(candidate(config).family);
  StartedJob job;
  Status status = under_lease([&]() -> Status {
    if (found != profile.jobs.end()) {
      const double passes = static_cast<double>(found->second.samples) / std::max(1, data.count());
      const int left = std::max(1, static_cast<int>(std::lround(config.epochs - passes)));
      if (found->second.training->extend(data, left)) {
        job = std::move(found->second);
        return {};
      }
    }
    auto started = engine_->train(*profile.live, data, train_options(config, profile, Schedule::kCosine));
    if (!started) return started.error();
    job.training = *std::move(started);
    return {};
  });
  profile.jobs.clear();
  if (!status) return status.error();
  return job;
}

/// After each epoch but the last, which the gate measures, the curve is corrected and the plan may change.
Status Retrainer::run_epochs(Profile& profile, const TrainingConfig& config, StartedJob& job, int trained_on) {
  const int steps = job.training->steps(),
            batches = std::max(1, (trained_on + config.batch_size / 2) / config.batch_size);
  const int per_step = std::max(1, trained_on / batches);
  Seconds busy = busy_;
  for (int step = 1, since = 0; step <= steps; ++step) {
    if (const Status done = run_step(config, job, per_step, job.samples < trained_on); !done) return done;
    since += per_step;
    report_step(config, step, steps);
    if (step % batches != 0 || step == steps) continue;
    if (const Status measured = measure(profile, config, job, since, busy); !measured) return measured;
    busy = busy_;
    since = 0;
    ask("update");
  }
  return {};
}

Status Retrainer::run_step(const TrainingConfig& config, StartedJob& job, int samples, bool fresh) {
  const Status done = under_lease([&] {
    const Seconds begin = steady_now();
    const auto report = job.training->step();
    return check_step(config, report, samples, fresh, steady_now() - begin);
  });
  if (done) job.samples += samples;
  return done;
}

Status Retrainer::check_step(const TrainingConfig& config, const Result<StepReport>& step, int samples, bool fresh,
                             Seconds took) {
  if (!step) return step.error();
  if (!std::isfinite(step->loss))
    return Error{ErrorCode::kInternal, "the loss is not finite at step " + std::to_string(step->step)};
  profiler_.costs().record_training(candidate(config), fresh, samples, took);
  MutexLock lock(mutex_);
  counts_.training_ms += 1000 * took.count();
  return {};
}

void Retrainer::report_step(const TrainingConfig& config, int step, int steps) {
  const std::string text = config.id + ": step " + std::to_string(step) + " of " + std::to_string(steps);
  {
    MutexLock lock(mutex_);
    counts_.state = "running " + text;
  }
  if (const Seconds now = steady_now(); now - last_progress_ >= Seconds{1}) {
    last_progress_ = now;
    host_.job_news({JobNews::Kind::kProgress, config.id, text});
  }
}

Result<std::vector<int>> Retrainer::answers(const Classifier& classifier, const LabelledCrops& crops) {
  const std::size_t crop = std::size_t{3} * crops.size * crops.size;
  std::vector<int> all;
  for (int first = 0; first < crops.count(); first += kEvaluationBatch) {
    const int count = std::min(kEvaluationBatch, crops.count() - first);
    const Status done = under_lease([&]() -> Status {
      const auto some = answer(classifier, std::span(crops.pixels).subspan(crop * first, crop * count), count);
      if (!some) return some.error();
      all.insert(all.end(), some->begin(), some->end());
      return {};
    });
    if (!done) return done.error();
  }
  return all;
}

Status Retrainer::add_evidence(GateEvidence& evidence, bool recent, const LabelledCrops& crops, const Job& job) {
  const auto live = answers(*job.profile.live, crops);
  if (!live) return live.error();
  const auto candidate = answers(*job.candidate, crops);
  if (!candidate && candidate.error().code == ErrorCode::kInternal) {
    evidence.fault = candidate.error().message;
    return {};
  }
  if (!candidate) return candidate.error();
  add_answers(evidence, recent, crops.labels, *live, *candidate);
  return {};
}

Result<GateEvidence> Retrainer::examine(const Job& job) {
  GateEvidence evidence;
  evidence.labels = job.profile.labels;
  RecentSamples::Untrained recent;
  {
    MutexLock lock(mutex_);
    recent = recent_.untrained(job.profile.trained_number, job.profile.window, 2 * options_.gate.min_recent);
    counts_.state = "examining " + job.config.id;
  }
  const auto earlier = load_earlier_held_back(*samples_, job.profile.labels, model_.input_size, recent.first_window);
  if (!earlier) return earlier.error();
  Status done = add_evidence(evidence, true, recent.crops, job);
  if (done && evidence.fault.empty()) done = add_evidence(evidence, false, *earlier, job);
  if (!done) return done.error();
  return evidence;
}

void Retrainer::judge(Job job, const GateEvidence& evidence) {
  const GateDecision decision = decide(evidence, options_.gate);
  const bool undecided = decision.verdict == GateDecision::Verdict::kUndecided;
  if (!evidence.fault.empty())
    profiler_.failed(job.config.id);
  else if (!undecided)
    profiler_.finished(job.config.id, decision.candidate_accuracy, evidence.recent.total());
  std::uint64_t generation = 0;
  {
    MutexLock lock(mutex_);
    counts_.last_reason = decision.reason;
    counts_.skipped += undecided;
    counts_.rejected += decision.verdict == GateDecision::Verdict::kRejected;
    generation = generation_;
  }
  if (undecided) {
    host_.job_news({JobNews::Kind::kCancelled, job.config.id, decision.reason});
    return;
  }
  host_.job_news({JobNews::Kind::kCompleted, job.config.id, decision.reason});
  if (decision.accepted())
    publish({job.candidate, std::move(job.weights), std::move(job.from_weights), job.config.id,
             decision.candidate_accuracy, decision.reason});
  else
    host_.model_news(
        {ModelNews::Kind::kRejected, "", generation, generation, decision.candidate_accuracy, decision.reason});
}

void Retrainer::job_failed(const TrainingConfig& config, const Error& error) {
  // kInvalidArgument: the samples do not make a training set yet, which is nobody's fault.
  const bool skipped = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kCancelled;
  {
    MutexLock lock(mutex_);
    counts_.last_reason = error.message;
    counts_.skipped += skipped;
    counts_.failed += !skipped;
    new_labels_ = 0;
  }
  if (skipped) {
    host_.job_news({JobNews::Kind::kCancelled, config.id, error.message});
    return;
  }
  profiler_.failed(config.id);
  host_.job_news({JobNews::Kind::kFailed, config.id, error.message});
  host_.warn("training-failed", "Retraining config \"" + config.id + "\" failed: " + error.message +
                                    ". The live model stays; the config is not offered for a while.");
}

}  // namespace ekya::learner
