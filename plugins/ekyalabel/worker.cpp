// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/worker.h"

#include <utility>

#include "ekya/base/mutex.h"

namespace ekya::gst::label {

struct Worker::State {
  Mutex mutex;
  Condition changed;
  std::function<void()> job EKYA_GUARDED_BY(mutex);
  bool is_busy EKYA_GUARDED_BY(mutex) = false;
  bool is_stopping EKYA_GUARDED_BY(mutex) = false;
  bool has_ended EKYA_GUARDED_BY(mutex) = false;
};

namespace {

void run_job(std::function<void()> job) {
  try {
    job();
  } catch (...) {
    // The job tells its own failures; what still escapes must not end the process.
  }
}

}  // namespace

Worker::Worker(std::function<void()> setup) : state_(std::make_shared<State>()) {
  thread_ = std::thread([state = state_, setup = std::move(setup)]() mutable {
    run_job(std::exchange(setup, nullptr));
    run(*state);
  });
}

Worker::~Worker() {
  while (thread_.joinable() && !stop(std::chrono::hours(1))) {
  }
}

void Worker::run(State& state) {
  MutexLock lock(state.mutex);
  while (true) {
    while (!state.job && !state.is_stopping) state.changed.wait(lock);
    if (state.is_stopping) break;
    auto job = std::exchange(state.job, nullptr);
    lock.unlock();
    run_job(std::move(job));
    lock.lock();
    state.is_busy = false;
    state.changed.notify_all();
  }
  state.has_ended = true;
  state.changed.notify_all();
}

bool Worker::is_idle() const {
  MutexLock lock(state_->mutex);
  return !state_->is_busy;
}

void Worker::start(std::function<void()> job) {
  MutexLock lock(state_->mutex);
  state_->job = std::move(job);
  state_->is_busy = true;
  state_->changed.notify_all();
}

Worker::End Worker::wait(const std::function<bool()>& give_up, Time until) {
  MutexLock lock(state_->mutex);
  if (!state_->is_busy) return End::kDone;
  if (give_up()) return End::kGivenUp;
  state_->changed.wait_until(lock, until);
  return state_->is_busy ? End::kNotYet : End::kDone;
}

void Worker::wake() {
  MutexLock lock(state_->mutex);
  state_->changed.notify_all();
}

bool Worker::stop(std::chrono::milliseconds at_most) {
  if (!thread_.joinable()) return true;
  const auto until = std::chrono::steady_clock::now() + at_most;
  {
    MutexLock lock(state_->mutex);
    state_->is_stopping = true;
    state_->changed.notify_all();
    while (!state_->has_ended) {
      if (state_->changed.wait_until(lock, until) == std::cv_status::timeout) break;
    }
    if (!state_->has_ended) {
      thread_.detach();
      return false;
    }
  }
  thread_.join();
  return true;
}

}  // namespace ekya::gst::label
