// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <utility>

#include "ekya/learner/evaluation.h"
#include "ekya/learner/retrainer.h"

namespace ekya::learner {
namespace {

std::vector<std::uint8_t> joined_pixels(const std::vector<NewCrop>& crops) {
  std::vector<std::uint8_t> pixels;
  for (const NewCrop& crop : crops) pixels.insert(pixels.end(), crop.pixels.begin(), crop.pixels.end());
  return pixels;
}

std::vector<std::string> labels_of(const std::vector<NewCrop>& crops) {
  std::vector<std::string> labels;
  for (const NewCrop& crop : crops) labels.push_back(crop.label);
  return labels;
}

}  // namespace

/// Who answers new labels: the live model, the one before it and, after a drift, stored ones.
struct Retrainer::Models {
  std::shared_ptr<const Classifier> live, previous;
  std::vector<std::shared_ptr<const Classifier>> stored;
};

/// [crops] each; empty: it was not asked or could not answer.
struct Retrainer::Answers {
  std::vector<int> live, previous;
  std::vector<std::vector<int>> stored;
};

AddReport Retrainer::add(std::vector<NewCrop> crops, std::int64_t pts_ns) {
  AddReport report;
  if (const auto here = std::this_thread::get_id(); here != std::exchange(adding_thread_, here))
    engine_->set_thread_count(1);
  const std::size_t offered = crops.size();
  report.repeated = pts_ns >= 0 && last_pts_ == pts_ns;
  if (pts_ns >= 0) last_pts_ = pts_ns;
  std::vector<int> truth;
  std::vector<NewCrop> known;
  if (!report.repeated) known = take_known(std::move(crops), truth, report);
  if (!known.empty()) {
    const bool held_back = chooser_.next(labels_of(known));
    score(known, truth, report);
    std::uint64_t window = 0;
    {
      // In memory before on disk: a sample that a training set can hold is never numbered after it.
      MutexLock lock(mutex_);
      window = window_;
      for (std::size_t i = 0; i < known.size(); ++i) recent_.add(truth[i], held_back, window, known[i].pixels);
      new_labels_ += static_cast<int>(known.size());
    }
    store(known, held_back, window, pts_ns, report);
  }
  count(report, offered);
  return report;
}

std::optional<int> Retrainer::index_of(const std::string& label) const {
  const auto found = std::find(labels_.begin(), labels_.end(), label);
  if (found == labels_.end()) return std::nullopt;
  return static_cast<int>(found - labels_.begin());
}

std::vector<std::string> Retrainer::labels() const {
  MutexLock lock(mutex_);
  return labels_;
}

std::vector<NewCrop> Retrainer::take_known(std::vector<NewCrop> crops, std::vector<int>& truth, AddReport& report) {
  const std::size_t bytes = std::size_t{3} * model_.input_size * model_.input_size;
  std::vector<NewCrop> known;
  MutexLock lock(mutex_);
  for (NewCrop& crop : crops) {
    auto index = index_of(crop.label);
    if (!index && take_newcomer(crop.label)) index = index_of(crop.label);
    if (!index) {
      report.unknown.push_back(crop.label);
    } else if (crop.pixels.size() == bytes) {
      truth.push_back(*index);
      known.push_back(std::move(crop));
    }
  }
  return known;
}

/// Whether a class that the student does not know joins it now: after so many labels it is no slip of the golden model.
/// The student learns it with the next job; until then each of its samples counts as wrong.
bool Retrainer::take_newcomer(const std::string& label) {
  constexpr std::size_t kMostNewcomers = 256, kMostLabels = 4096, kLongestLabel = 256;
  if (options_.new_class_samples < 1 || labels_.size() >= kMostLabels) return false;
  if (label.empty() || label.size() > kLongestLabel) return false;
  if (!newcomers_.contains(label) && newcomers_.size() >= kMostNewcomers) return false;
  if (++newcomers_[label] < options_.new_class_samples) return false;
  newcomers_.erase(label);
  labels_.push_back(label);
  return true;
}

Retrainer::Models Retrainer::models_to_score() const {
  MutexLock lock(mutex_);
  Models models{live_, previous_, {}};
  for (const StoredModel& stored : recall_models_) models.stored.push_back(stored.classifier);
  return models;
}

/// What the models say to labels that none has learned from.
void Retrainer::score(const std::vector<NewCrop>& crops, const std::vector<int>& truth, AddReport& report) {
  const Models models = models_to_score();
  const std::vector<std::uint8_t> pixels = joined_pixels(crops);
  const auto ask = [&](const Classifier& model) { return answer(model, pixels, static_cast<int>(crops.size())); };
  const Seconds begin = steady_now();
  const auto now = ask(*models.live);
  const Seconds took = steady_now() - begin;
  if (!now) {
    report.score_error = now.error().message;
    return;
  }
  Answers answers{*now, {}, {}};
  const auto or_nothing = [&](const Classifier& model) {
    auto found = ask(model);
    return found ? *std::move(found) : std::vector<int>{};
  };
  if (models.previous) answers.previous = or_nothing(*models.previous);
  for (const auto& stored : models.stored) answers.stored.push_back(or_nothing(*stored));
  record(models, truth, answers, took);
}

void Retrainer::record(const Models& models, const std::vector<int>& truth, const Answers& answers, Seconds took) {
  MutexLock lock(mutex_);
  if (models.live != live_) return;  // Another model went live meanwhile.
  forward_ = took / static_cast<double>(truth.size());
  if (const auto accuracy = monitor_.accuracy()) scene_accuracy_ = *accuracy;
  for (std::size_t i = 0; i < truth.size(); ++i) monitor_.add(answers.live[i] == truth[i]);
  if (models.previous && models.previous == previous_ && answers.previous.size() == truth.size())
    compare_with_previous(truth, answers);
  if (recall_ && !models.stored.empty() && models.stored.size() == recall_models_.size() &&
      models.stored.front() == recall_models_.front().classifier)
    compare_with_stored(truth, answers);
  if (auto drift = monitor_.take_drift()) {
    drift_pending_ = drift;
    scene_accuracy_ = drift->previous;
    urgent_ = true;
    ++window_;  // A drift begins a new stretch of samples, as a window does.
  }
}

void Retrainer::compare_with_previous(const std::vector<int>& truth, const Answers& answers) {
  for (std::size_t i = 0; i < truth.size() && !rollback_pending_; ++i) {
    canary_.add(answers.previous[i] == truth[i], answers.live[i] == truth[i]);
    rollback_pending_ = canary_.reason_to_roll_back();
  }
  // At the end of the comparison; on a rollback the trainer takes the model itself from `restore_`.
  if (rollback_pending_) restore_ = previous_;
  if (rollback_pending_ || canary_.is_over()) previous_.reset();
}

void Retrainer::compare_with_stored(const std::vector<int>& truth, const Answers& answers) {
  for (std::size_t i = 0; i < truth.size(); ++i) {
    std::vector<bool> right;
    for (const auto& found : answers.stored) right.push_back(i < found.size() && found[i] == truth[i]);
    recall_->add(answers.live[i] == truth[i], right);
  }
  recall_pending_ = recall_->verdict() == Recall::Verdict::kSwap;
  if (recall_->verdict() == Recall::Verdict::kKeep) recall_models_.clear();
}

void Retrainer::store(const std::vector<NewCrop>& crops, bool held_back, std::uint64_t window, std::int64_t pts_ns,
                      AddReport& report) {
  for (const NewCrop& crop : crops) {
    Sample sample;
    sample.label = crop.label;
    sample.confidence = std::clamp(crop.confidence, 0.01f, 1.0f);
    sample.window = window;
    sample.pts_ns = pts_ns;
    sample.size = model_.input_size;
    sample.pixels = crop.pixels;
    sample.held_back = held_back;
    if (const Status added = samples_->add(sample); added)
      ++report.stored;
    else
      report.store_error = added.error().message;
  }
}

void Retrainer::count(const AddReport& report, std::size_t labels) {
  MutexLock lock(mutex_);
  counts_.repeated += report.repeated;
  if (report.repeated) return;
  counts_.labels += labels;
  counts_.unknown += report.unknown.size();
  counts_.dropped += labels - report.unknown.size() - static_cast<std::size_t>(report.stored);
  labels_pending_ = report.stored > 0;
  changed_.notify_all();
}

}  // namespace ekya::learner
