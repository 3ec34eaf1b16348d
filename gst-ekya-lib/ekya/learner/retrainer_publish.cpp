// SPDX-License-Identifier: LGPL-2.1-or-later
#include <utility>

#include "ekya/learner/retrainer.h"

namespace ekya::learner {

Result<CheckpointStore::Entry> Retrainer::save(WeightsFile weights, double accuracy) {
  auto info = model_info(weights);
  if (!info) return info.error();
  info->accuracy = accuracy;
  set_model_info(weights, *info);
  return checkpoints_->publish(std::move(weights));
}

void Retrainer::publish(Candidate candidate) {
  if (stopping()) return;
  std::uint64_t from = 0;
  std::shared_ptr<const Classifier> old;
  {
    MutexLock lock(mutex_);
    from = generation_;
    old = live_;
  }
  const auto entry = save(candidate.weights, candidate.accuracy);
  if (!entry) {
    host_.warn("checkpoint-write-failed", "The retrained model could not be saved: " + entry.error().message +
                                              ". The live model stays; it is tried again in the next window.");
    unsaved_ = std::move(candidate);
    return;
  }
  previous_weights_ = std::move(candidate.from_weights);
  published_config_ = candidate.config;
  live_weights_ = {candidate.classifier, std::move(candidate.weights)};
  go_live(candidate.classifier, old, entry->generation, candidate.accuracy);
  {
    MutexLock lock(mutex_);
    ++counts_.accepted;
  }
  host_.model_news(
      {ModelNews::Kind::kPublished, entry->path, entry->generation, from, candidate.accuracy, candidate.reason});
}

void Retrainer::roll_back(const std::string& reason) {
  std::shared_ptr<const Classifier> restored;
  std::uint64_t from = 0;
  PairedCounts shadow;
  {
    MutexLock lock(mutex_);
    restored = restore_;
    from = generation_;
    shadow = canary_.counts();
  }
  if (!restored || !previous_weights_ || stopping()) return;
  const auto entry = save(*previous_weights_, shadow.old_accuracy());
  if (!entry) {
    host_.warn("checkpoint-write-failed", "The model could not be taken back: " + entry.error().message +
                                              ". It is tried again in the next window.");
    unsaved_rollback_ = reason;
    return;
  }
  live_weights_ = {restored, *std::exchange(previous_weights_, std::nullopt)};
  model_replaced_ = true;
  if (!published_config_.empty()) profiler_.finished(published_config_, shadow.new_accuracy(), shadow.total());
  go_live(restored, nullptr, entry->generation, shadow.old_accuracy());
  {
    MutexLock lock(mutex_);
    ++counts_.rolled_back;
    counts_.last_reason = reason;
    urgent_ = true;
  }
  host_.model_news({ModelNews::Kind::kRolledBack, entry->path, entry->generation, from, shadow.old_accuracy(), reason});
}

void Retrainer::go_live(std::shared_ptr<const Classifier> classifier, std::shared_ptr<const Classifier> previous,
                        std::uint64_t generation, std::optional<double> accuracy) {
  MutexLock lock(mutex_);
  live_ = std::move(classifier);
  previous_ = std::move(previous);
  restore_.reset();
  recall_models_.clear();
  recall_pending_ = false;
  canary_ = Canary(options_.rollback_margin);
  rollback_pending_.reset();
  generation_ = generation;
  monitor_.reset(accuracy);
}

}  // namespace ekya::learner
