// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/model_loader.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "ekya/base/printable.h"
#include "ekya/base/thread.h"

namespace ekya::gst::infer {
namespace {

double milliseconds(Seconds time) { return time.count() * 1000; }

}  // namespace

void LoaderInbox::load_model_file(std::string path) {
  MutexLock lock(mutex_);
  work_.model_file = std::move(path);
  changed_.notify_one();
}

void LoaderInbox::load_checkpoint(std::string path, std::uint64_t generation) {
  MutexLock lock(mutex_);
  if (generation <= announced_) return;
  announced_ = generation;
  work_.checkpoint = std::move(path);
  changed_.notify_one();
}

void LoaderInbox::ignore_checkpoints_until(std::uint64_t generation) {
  MutexLock lock(mutex_);
  announced_ = std::max(announced_, generation);
}

void LoaderInbox::run(std::function<void()> errand) {
  MutexLock lock(mutex_);
  work_.errand = std::move(errand);
  changed_.notify_one();
}

std::optional<LoaderInbox::Work> LoaderInbox::wait(Seconds longest) {
  MutexLock lock(mutex_);
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::milliseconds>(longest);
  while (!stopped_ && !has_work())
    if (changed_.wait_until(lock, until) == std::cv_status::timeout) break;
  if (stopped_) return std::nullopt;
  return std::exchange(work_, {});
}

void LoaderInbox::stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  work_ = {};
  changed_.notify_one();
}

ModelLoader::ModelLoader(Task task, ModelRequest request, Published<const LiveModel>& live, Report report)
    : task_(task), request_(std::move(request)), live_(live), report_(std::move(report)) {
  request_.stop = stop_.get_token();
  thread_ = std::thread([this] { run(); });
}

ModelLoader::~ModelLoader() {
  inbox_->stop();
  stop_.request_stop();
  thread_.join();
}

void ModelLoader::run() {
  enter_background_thread("ekya-load");
  if (const auto engine = learner::engine()) (*engine)->set_thread_count(1);
  constexpr Seconds kSoon{0.1}, kLong{3600};
  while (const auto work = inbox_->wait(retired_.empty() ? kLong : kSoon)) {
    handle(*work);
    free_retired();
  }
}

void ModelLoader::handle(const LoaderInbox::Work& work) {
  const std::string* path = nullptr;
  try {
    if (work.model_file) {
      path = &*work.model_file;
      ModelRequest request = request_;
      request.model_file = *path;
      auto loaded = load_model(task_, request);
      if (loaded) request_ = request;
      swap(std::move(loaded), "model-file " + printable(*path, 1024));
    }
    if (work.checkpoint) {
      path = &*work.checkpoint;
      const auto live = live_.snapshot();
      swap(load_checkpoint(request_, *live, *path), "checkpoint " + printable(*path, 1024));
    }
    if (work.errand) work.errand();
  } catch (const std::exception& e) {
    if (path) swap(Error{ErrorCode::kInternal, printable(*path, 1024) + ": " + e.what()}, "");
  }
}

void ModelLoader::swap(Result<LiveModelPtr> loaded, const std::string& what) {
  if (stop_.stop_requested()) return;
  Swap swap;
  const auto old = live_.snapshot();
  swap.from_generation = old->generation;
  if (!loaded) {
    swap.generation = old->generation;
    swap.reason = loaded.error().message;
    return report_(swap);
  }
  swap.accepted = true;
  swap.reason = what;
  swap.generation = (*loaded)->generation;
  swap.accuracy = (*loaded)->accuracy;
  swap.load_ms = milliseconds((*loaded)->load_time);
  const Seconds begin = steady_now();
  retired_.push_back(live_.exchange(*std::move(loaded)));
  swap.swap_ms = milliseconds(steady_now() - begin);
  report_(swap);
}

void ModelLoader::free_retired() {
  // Only this thread publishes, so a count of one stays one: the frame that used it is done.
  std::erase_if(retired_, [](const LiveModelPtr& model) { return model.use_count() == 1; });
}

}  // namespace ekya::gst::infer
