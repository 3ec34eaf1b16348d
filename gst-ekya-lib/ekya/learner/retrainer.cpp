// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/retrainer.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace ekya::learner {
namespace {

constexpr int kNewLabels = 20;  // So many labels since the last job make another one worth while.
constexpr double kUnknownAccuracy = 0.5;
constexpr double kLeastGain =
    0.05;  // Part of the error left that a config is hoped to remove: else it would never run.

std::vector<profiler::Candidate> candidates(const std::vector<TrainingConfig>& configs) {
  std::vector<profiler::Candidate> found;
  for (const TrainingConfig& config : configs) found.push_back(candidate(config));
  return found;
}

}  // namespace

Retrainer::Retrainer(RetrainerParts parts, RetrainerOptions options, RetrainerHost& host)
    : options_(std::move(options)),
      engine_(parts.engine),
      model_(parts.live->info()),
      lock_(std::move(parts.lock)),
      samples_(std::move(parts.samples)),
      checkpoints_(std::move(parts.checkpoints)),
      zoo_(std::move(parts.zoo)),
      host_(host),
      profiler_(candidates(options_.configs), options_.slots),
      live_(std::move(parts.live)),
      recent_(model_.input_size),
      window_(samples_->last_window() + 1),
      generation_(model_.generation),
      labels_(model_.labels) {
  counts_.state = "waiting for labels";
}

Retrainer::~Retrainer() = default;

void Retrainer::granted(const Granted& grant) {
  MutexLock lock(mutex_);
  if (grant_ && grant.plan < grant_->plan) return;  // It was overtaken on its way.
  grant_ = grant;
  changed_.notify_all();
}

void Retrainer::window_opened(Seconds duration) {
  MutexLock lock(mutex_);
  window_duration_ = duration;
  ++window_;
  window_pending_ = true;
  changed_.notify_all();
}

void Retrainer::stop() {
  MutexLock lock(mutex_);
  stop_ = true;
  changed_.notify_all();
}

bool Retrainer::stopping() const {
  MutexLock lock(mutex_);
  return stop_;
}

ShareAsk Retrainer::first_ask() const {
  ShareAsk ask;
  ask.reason = "join";
  return ask;
}

RetrainerStats Retrainer::stats() const {
  const std::size_t samples = samples_->size();
  MutexLock lock(mutex_);
  RetrainerStats stats = counts_;
  stats.samples = samples;
  stats.window = window_;
  stats.generation = generation_;
  stats.accuracy = monitor_.accuracy();
  return stats;
}

void Retrainer::set_state(std::string state) {
  MutexLock lock(mutex_);
  counts_.state = std::move(state);
}

void Retrainer::run() {
  engine_->set_thread_count(1);
  while (wait_for_work()) {
    serve_events();
    start_granted_job();
  }
}

bool Retrainer::startable() const { return grant_ && !grant_->config.empty() && grant_->plan != served_plan_; }

bool Retrainer::wait_for_work() {
  MutexLock lock(mutex_);
  while (!stop_ && !window_pending_ && !labels_pending_ && !drift_pending_ && !rollback_pending_ && !recall_pending_ &&
         !startable())
    changed_.wait(lock);
  return !stop_;
}

Retrainer::Events Retrainer::take_events() {
  MutexLock lock(mutex_);
  Events events;
  events.window = std::exchange(window_pending_, false);
  events.labels = std::exchange(labels_pending_, false);
  events.drift = std::exchange(drift_pending_, std::nullopt);
  events.rollback = std::exchange(rollback_pending_, std::nullopt);
  events.recall = std::exchange(recall_pending_, false);
  return events;
}

/// Does what happened since the last call; false when the job in progress, if any, is to end.
bool Retrainer::serve_events() {
  if (stopping()) return false;
  const Events events = take_events();
  if (events.rollback) roll_back(*events.rollback);
  if (events.recall) end_recall();
  if (events.drift) on_drift(*events.drift);
  if (events.window) on_window();
  if (events.window || events.drift || events.rollback || events.recall)
    ask(events.drift ? "drift" : events.window ? "window" : "update");
  else if (events.labels && !offered_)
    offer_when_ready();
  return !stopping() && !model_replaced_ && !abandoned_;
}

void Retrainer::offer_when_ready() {
  if (std::string wait = not_ready(); wait.empty())
    ask("update");
  else
    set_state(std::move(wait));
}

void Retrainer::on_drift(const AccuracyMonitor::Drift& drift) {
  host_.drift(drift.accuracy, drift.previous);
  remember_live(kNewLabels);
  begin_recall();
}

void Retrainer::on_window() {
  remember_live(0);
  profiler_.new_window();
  {
    MutexLock lock(mutex_);
    const bool paused = !running_.empty() && grant_ && grant_->config.empty() && grant_->share <= 0;
    abandoned_ = paused && paused_a_window_;
    paused_a_window_ = paused;
  }
  if (unsaved_rollback_) roll_back(*std::exchange(unsaved_rollback_, std::nullopt));
  if (unsaved_) publish(*std::exchange(unsaved_, std::nullopt));
}

const TrainingConfig* Retrainer::find_config(const std::string& id) const {
  const auto found = std::find_if(options_.configs.begin(), options_.configs.end(),
                                  [&](const TrainingConfig& config) { return config.id == id; });
  return found == options_.configs.end() ? nullptr : &*found;
}

/// Each plan starts at most one job: the grant of a plan stays in force after its job is done.
void Retrainer::start_granted_job() {
  std::string id;
  {
    MutexLock lock(mutex_);
    if (stop_ || !startable()) return;
    served_plan_ = grant_->plan;
    id = grant_->config;
  }
  if (!not_ready().empty()) return ask("update");
  try {
    const TrainingConfig* config = find_config(id);
    if (id == kProbeConfig && !profiled()) run_profile();
    if (config) run_job(*config);
  } catch (const std::exception& e) {  // Out of memory, most likely: this job is lost, the next one may fit.
    end_running();
    job_failed({id}, {ErrorCode::kResource, e.what()});
  }
}

/// Why no job can be of use now, in words; empty: one can.
std::string Retrainer::not_ready() const {
  const std::size_t samples = samples_->size();
  if (samples < static_cast<std::size_t>(options_.min_samples))
    return "waiting for labels: " + std::to_string(samples) + " of " + std::to_string(options_.min_samples) +
           " samples";
  const auto counts = samples_->count_by_label();
  MutexLock lock(mutex_);
  int known = 0;
  for (const auto& [label, samples_of_it] : counts) known += samples_of_it > 0 && index_of(label);
  if (known < 2) return "waiting for labels: samples of one class only";
  if (!urgent_ && last_job_window_ == window_) return "retrained in this window, waiting for the next";
  if (!urgent_ && new_labels_ < kNewLabels)
    return "waiting for labels: " + std::to_string(new_labels_) + " of " + std::to_string(kNewLabels) + " new ones";
  if (const int held = recent_.held_back(window_); held < options_.gate.min_recent)
    return "waiting for labels: " + std::to_string(held) + " of " + std::to_string(options_.gate.min_recent) +
           " held back";
  return "";
}

std::vector<ConfigOffer> Retrainer::offers(double live) {
  const double widest = 1.0 / std::max(1, options_.slots);
  std::string running;
  {
    MutexLock lock(mutex_);
    profiler_.costs().record_forward(forward_);
    running = running_;
  }
  if (running == kProbeConfig || (running.empty() && !profiled())) return {profile_offer(live)};
  std::vector<ConfigOffer> offers;
  const double hope = live + kLeastGain * std::max(0.0, profiler::MicroProfiler::kCeiling - live);
  for (const profiler::Forecast& forecast : profiler_.forecasts())
    if (running.empty() || forecast.id == running)
      offers.push_back(
          {forecast.id, forecast.work, std::max(forecast.offered ? hope : live, forecast.accuracy), widest});
  return offers;
}

void Retrainer::ask(const std::string& reason) {
  ShareAsk ask;
  ask.reason = reason;
  {
    MutexLock lock(mutex_);
    ask.accuracy = monitor_.accuracy();
    ask.running = running_;
  }
  const std::string wait = ask.running.empty() ? not_ready() : "";
  if (wait.empty()) ask.configs = offers(ask.accuracy.value_or(kUnknownAccuracy));
  if (ask.running.empty()) set_state(wait.empty() ? "waiting for a grant" : wait);
  offered_ = !ask.configs.empty();
  host_.ask(ask);
}

}  // namespace ekya::learner
