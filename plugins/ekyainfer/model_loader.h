// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "ekya/base/mutex.h"
#include "ekya/base/published.h"
#include "ekyainfer/live_model.h"

namespace ekya::gst::infer {

/// How a change of the model went.
struct Swap {
  bool accepted = false;
  std::uint64_t from_generation = 0, generation = 0;  ///< Of a failed one: what is known of it.
  double accuracy = -1;                               ///< Of the new model; -1: unknown.
  std::string reason;                                 ///< What was loaded, or why it was refused.
  double load_ms = 0;                                 ///< Reading, building and warming up, aside.
  double swap_ms = 0;                                 ///< The exchange itself: all that a frame can have waited for.
};

/// Checkpoints are announced from other threads, maybe while the element stops: who announces one holds the inbox, not
/// the element. Only the newest of each kind is kept. Thread-safe.
class LoaderInbox {
 public:
  struct Work {
    std::optional<std::string> model_file;
    std::optional<std::string> checkpoint;  ///< Path.
    std::function<void()> errand;
  };

  void load_model_file(std::string path);
  /// `generation` as announced: only a newer one than the last announced is taken.
  void load_checkpoint(std::string path, std::uint64_t generation);
  /// Announcements of this generation and older ones are no news.
  void ignore_checkpoints_until(std::uint64_t generation);
  /// Something short that the streaming thread must not do itself; a later errand replaces one that waits.
  void run(std::function<void()> errand);

  /// Waits for work, at most `longest`. Empty: stop.
  std::optional<Work> wait(Seconds longest);
  void stop();

 private:
  bool has_work() const EKYA_REQUIRES(mutex_) { return work_.model_file || work_.checkpoint || work_.errand; }

  Mutex mutex_;
  Condition changed_;
  Work work_ EKYA_GUARDED_BY(mutex_);
  std::uint64_t announced_ EKYA_GUARDED_BY(mutex_) = 0;
  bool stopped_ EKYA_GUARDED_BY(mutex_) = false;
};

/// The thread that loads models aside, publishes them between two frames, and frees the old ones, so that no frame
/// waits for any of it.
class ModelLoader {
 public:
  /// Called in the loader's thread.
  using Report = std::function<void(const Swap&)>;

  ModelLoader(Task task, ModelRequest request, Published<const LiveModel>& live, Report report);
  /// Joins. A TorchScript that is being checked is given up; other loads in progress take their fraction of a second.
  ~ModelLoader();
  ModelLoader(const ModelLoader&) = delete;
  ModelLoader& operator=(const ModelLoader&) = delete;

  const std::shared_ptr<LoaderInbox>& inbox() const { return inbox_; }

 private:
  void run();
  void handle(const LoaderInbox::Work& work);
  void swap(Result<LiveModelPtr> loaded, const std::string& what);
  void free_retired();

  const Task task_;
  ModelRequest request_;  ///< The loader's thread only: model_file follows the swaps.
  Published<const LiveModel>& live_;
  const Report report_;
  const std::shared_ptr<LoaderInbox> inbox_ = std::make_shared<LoaderInbox>();
  std::stop_source stop_;
  std::vector<LiveModelPtr> retired_;  ///< Maybe still used by the frame in progress.
  std::thread thread_;
};

}  // namespace ekya::gst::infer
