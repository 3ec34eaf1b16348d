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

void Retrainer::begin_running(const std::string& config, int steps) {
  model_taken_back_ = paused_a_window_ = abandoned_ = false;
  unsaved_.reset();
  MutexLock lock(mutex_);
  running_ = counts_.last_config = config;
  steps_ = steps_left_ = steps;
  counts_.state = "running " + config;
}

void Retrainer::end_running() {
  MutexLock lock(mutex_);
  running_.clear();
  if (grant_) served_plan_ = grant_->plan;
}

void Retrainer::run_job(const TrainingConfig& config) {
  const std::size_t most =
      static_cast<std::size_t>(options_.training_set.max_recent + options_.training_set.max_exemplars);
  begin_running(config.id, count_steps(config, static_cast<int>(std::min(samples_->size(), most))));
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
  return work();
}

TrainOptions Retrainer::train_options(const TrainingConfig& config) {
  TrainOptions options;
  options.epochs = config.epochs;
  options.batch_size = config.batch_size;
  options.layers = config.layers;
  options.learning_rate = config.learning_rate;
  options.mirror = config.mirror;
  options.seed = options_.seed + jobs_++;
  return options;
}

Status Retrainer::train(Job& job) {
  const Seconds begin = steady_now();
  {
    MutexLock lock(mutex_);
    job.from = live_;
    job.window = window_;
  }
  const auto data = load_training_set(*samples_, model_, job.window, job.config.fraction, options_.min_samples / 2,
                                      options_.training_set);
  if (!data) return data.error();
  {
    MutexLock lock(mutex_);
    job.trained_number = recent_.last_number();
    new_labels_ = 0;
    last_job_window_ = job.window;
    urgent_ = false;
  }
  std::unique_ptr<TrainingJob> training;
  Status status = under_lease([&]() -> Status {
    auto started = engine_->train(*job.from, *data, train_options(job.config));
    if (!started) return started.error();
    training = *std::move(started);
    auto weights = training->weights();
    if (!weights) return weights.error();
    job.from_weights = *std::move(weights);
    return {};
  });
  if (!status) return status;
  estimator_.record_overhead(steady_now() - begin);
  status = run_steps(job.config, *training);
  if (!status) return status;
  auto weights = training->weights();
  if (!weights) return weights.error();
  job.weights = *std::move(weights);
  auto candidate = training->classifier();
  if (!candidate) return candidate.error();
  job.candidate = *std::move(candidate);
  return {};
}

Status Retrainer::run_steps(const TrainingConfig& config, TrainingJob& training) {
  const int steps = training.steps(), epoch = (steps + config.epochs - 1) / config.epochs;
  for (int step = 1; step <= steps; ++step) {
    const Status done = under_lease([&] {
      const Seconds begin = steady_now();
      const auto report = training.step();
      return check_step(config, report, step <= epoch, steady_now() - begin);
    });
    if (!done) return done;
    report_step(config, step, steps);
  }
  return {};
}

Status Retrainer::check_step(const TrainingConfig& config, const Result<StepReport>& step, bool first_epoch,
                             Seconds took) {
  if (!step) return step.error();
  if (!std::isfinite(step->loss))
    return Error{ErrorCode::kInternal, "the loss is not finite at step " + std::to_string(step->step)};
  estimator_.record_step(config, first_epoch, took);
  MutexLock lock(mutex_);
  counts_.training_ms += 1000 * took.count();
  return {};
}

void Retrainer::report_step(const TrainingConfig& config, int step, int steps) {
  const std::string text = config.id + ": step " + std::to_string(step) + " of " + std::to_string(steps);
  {
    MutexLock lock(mutex_);
    steps_ = steps;
    steps_left_ = steps - step;
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
  const auto live = answers(*job.from, crops);
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
  evidence.labels = model_.labels;
  RecentSamples::Untrained recent;
  {
    MutexLock lock(mutex_);
    recent = recent_.untrained(job.trained_number, job.window, 2 * options_.gate.min_recent);
    counts_.state = "examining " + job.config.id;
  }
  const auto earlier = load_earlier_held_back(*samples_, model_, recent.first_window);
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
    estimator_.penalise(job.config.id);
  else if (!undecided)
    estimator_.record_result(job.config.id, decision.candidate_accuracy);
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
  estimator_.penalise(config.id);
  host_.job_news({JobNews::Kind::kFailed, config.id, error.message});
  host_.warn("training-failed", "Retraining config \"" + config.id + "\" failed: " + error.message +
                                    ". The live model stays; the config is not offered for a while.");
}

}  // namespace ekya::learner
