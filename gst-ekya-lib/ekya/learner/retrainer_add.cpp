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
  const auto found = std::find(model_.labels.begin(), model_.labels.end(), label);
  if (found == model_.labels.end()) return std::nullopt;
  return static_cast<int>(found - model_.labels.begin());
}

std::vector<NewCrop> Retrainer::take_known(std::vector<NewCrop> crops, std::vector<int>& truth,
                                           AddReport& report) const {
  const std::size_t bytes = std::size_t{3} * model_.input_size * model_.input_size;
  std::vector<NewCrop> known;
  for (NewCrop& crop : crops) {
    const auto index = index_of(crop.label);
    if (!index) {
      report.unknown.push_back(crop.label);
    } else if (crop.pixels.size() == bytes) {
      truth.push_back(*index);
      known.push_back(std::move(crop));
    }
  }
  return known;
}

/// What the live student, and the one before it, say to labels that neither has learned from.
void Retrainer::score(const std::vector<NewCrop>& crops, const std::vector<int>& truth, AddReport& report) {
  std::shared_ptr<const Classifier> live, previous;
  {
    MutexLock lock(mutex_);
    live = live_;
    previous = previous_;
  }
  const std::vector<std::uint8_t> pixels = joined_pixels(crops);
  const Seconds begin = steady_now();
  const auto now = answer(*live, pixels, static_cast<int>(crops.size()));
  const Seconds took = steady_now() - begin;
  if (!now) {
    report.score_error = now.error().message;
    return;
  }
  std::vector<int> before;
  if (previous)
    if (auto answers = answer(*previous, pixels, static_cast<int>(crops.size()))) before = *std::move(answers);
  record(*live, previous.get(), truth, *now, before, took);
}

void Retrainer::record(const Classifier& live, const Classifier* previous, const std::vector<int>& truth,
                       const std::vector<int>& now, const std::vector<int>& before, Seconds took) {
  MutexLock lock(mutex_);
  if (&live != live_.get()) return;  // Another model went live meanwhile.
  forward_ = took / static_cast<double>(truth.size());
  const bool shadowed = previous && previous == previous_.get() && before.size() == truth.size();
  for (std::size_t i = 0; i < truth.size(); ++i) {
    monitor_.add(now[i] == truth[i]);
    if (shadowed && !rollback_pending_) {
      canary_.add(before[i] == truth[i], now[i] == truth[i]);
      rollback_pending_ = canary_.reason_to_roll_back();
    }
  }
  if (shadowed) {
    // At the end of the comparison; on a rollback the trainer takes the model itself from `restore_`.
    if (rollback_pending_) restore_ = previous_;
    if (rollback_pending_ || canary_.is_over()) previous_.reset();
  }
  if (auto drift = monitor_.take_drift()) {
    drift_pending_ = drift;
    urgent_ = true;
    ++window_;  // A drift begins a new stretch of samples, as a window does.
  }
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
