// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ekya/base/mutex.h"
#include "ekya/learner/retrainer.h"

namespace ekya::bench {

/// A Retrainer as an element runs it, without the element: its thread, its stores in a folder of its own, and a host
/// that plans each window with the default policy for one stream on one device and grants what the plan says.
class LearningLoop : public learner::RetrainerHost {
 public:
  struct Options {
    double window_s = 200;  ///< That the planner counts with; the loop itself does not wait.
    learner::RetrainerOptions retrainer;
  };

  /// Errors: those of the stores.
  static Result<std::unique_ptr<LearningLoop>> open(const learner::Engine& engine,
                                                    std::shared_ptr<const learner::Classifier> student,
                                                    const Options& options);
  ~LearningLoop() override;

  /// A window: its crops arrive one frame each, then one plan's job is done. Gives what became of it, in words.
  std::string window(const learner::LabelledCrops& crops);

  /// The newest model that was published, or the student that it began with.
  std::shared_ptr<const learner::Classifier> live() const;
  learner::RetrainerStats stats() const { return retrainer_->stats(); }

 private:
  LearningLoop(const learner::Engine& engine, std::shared_ptr<const learner::Classifier> student,
               const Options& options);
  Status open_stores(std::shared_ptr<const learner::Classifier> student);

  // RetrainerHost
  void ask(const learner::ShareAsk& ask) override;
  bool begin_work(Seconds longest) override;
  void end_work() override {}
  void job_news(const learner::JobNews& news) override;
  void model_news(const learner::ModelNews& news) override;
  void drift(double accuracy, double previous) override;
  void warn(const std::string& kind, const std::string& text) override;

  void grant_planned() EKYA_REQUIRES(mutex_);

  const learner::Engine& engine_;
  const Options options_;
  std::filesystem::path folder_;
  std::unique_ptr<learner::Retrainer> retrainer_;
  std::thread thread_;
  std::int64_t pts_ns_ = 0;

  mutable Mutex mutex_;
  Condition changed_;
  std::shared_ptr<const learner::Classifier> live_ EKYA_GUARDED_BY(mutex_);
  learner::ShareAsk asked_ EKYA_GUARDED_BY(mutex_);
  bool granting_ EKYA_GUARDED_BY(mutex_) = false;
  bool over_ EKYA_GUARDED_BY(mutex_) = false;  ///< The window's job has ended.
  bool job_ended_ EKYA_GUARDED_BY(mutex_) = false;
  std::uint64_t plan_ EKYA_GUARDED_BY(mutex_) = 0;
  std::string news_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::bench
