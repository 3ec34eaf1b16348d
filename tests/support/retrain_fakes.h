// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ekya/base/mutex.h"
#include "ekya/learner/model.h"
#include "ekya/learner/sample_store.h"

namespace ekya::learner::testing {

/// What goes wrong, and who looks on, in a FakeTrainEngine.
struct TrainFaults {
  std::atomic<int> nan_loss_at{0};        ///< Step whose loss is NaN; 0: none.
  std::atomic<int> error_at{0};           ///< Step that fails; 0: none.
  std::atomic<int> throw_at{0};           ///< Step that throws std::bad_alloc; 0: none.
  std::atomic<bool> spoil{false};         ///< What training gives answers class 0 to everything.
  std::atomic<bool> mute{false};          ///< What training gives cannot answer.
  std::function<void(int step)> on_step;  ///< Called at the start of each step.
  std::function<void()> on_train;         ///< Called when a job is made.
};

/// A model is a table: a crop whose pixels are all `look` is of class table[look]. Training writes the most frequent
/// label of each look into the table at its last step. Fast, exact, and wrong labels make it wrong, as they should.
class FakeTrainEngine : public Engine {
 public:
  explicit FakeTrainEngine(TrainFaults* faults = nullptr) : faults_(faults ? faults : &none_) {}

  /// A weights file of a model that maps look i to table[i].
  static WeightsFile weights(const std::vector<std::string>& labels, const std::vector<int>& table, int size = 8);

  void set_thread_count(int) const override {}
  std::vector<Architecture> architectures() const override { return {{"fake"}}; }
  Result<WeightsFile> initialise(const ModelInfo& info, std::uint64_t seed) const override;
  Result<std::shared_ptr<const Classifier>> build_classifier(const WeightsFile& file) const override;
  Result<std::shared_ptr<const Classifier>> load_torchscript(const std::string&, const ModelInfo&,
                                                             const WeightsFile*) const override;
  Result<std::shared_ptr<const Detector>> load_torchscript_detector(const std::string&,
                                                                    const DetectorInfo&) const override;
  Result<std::shared_ptr<const Detector>> build_detector(const WeightsFile&) const override;
  Result<std::unique_ptr<DetectorTrainingJob>> train_detector(const Detector&, const LabelledFrames&,
                                                              const TrainOptions&) const override;
  Result<std::unique_ptr<TrainingJob>> train(const Classifier& from, const LabelledCrops& data,
                                             const TrainOptions& options) const override;

 private:
  TrainFaults none_;
  TrainFaults* faults_;
};

/// A crop of one look.
std::vector<std::uint8_t> crop_of(int look, int size = 8);

/// Samples in memory, as the store on disk gives them.
class FakeSampleStore : public SampleStore {
 public:
  std::atomic<bool> full{false};  ///< Every add fails, as on a full disk.
  std::function<void()> on_load;

  Status add(const Sample& sample) override;
  Result<LabelledCrops> load(const std::vector<std::string>& labels, const Query& query) override;
  Status keep_exemplars(std::uint64_t, int, const Features&) override { return {}; }
  std::map<std::string, std::size_t> count_by_label(std::uint64_t min_window) const override;
  std::size_t size() const override;
  std::size_t unreadable() const override { return 0; }
  std::uint64_t last_window() const override;

 private:
  mutable Mutex mutex_;
  std::vector<Sample> samples_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::learner::testing
