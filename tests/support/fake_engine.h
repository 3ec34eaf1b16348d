// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/base/mutex.h"
#include "ekya/learner/model.h"

namespace ekya::testing {

/// What a fake model does wrong in one call.
enum class Fault { kNone, kError, kThrow, kNan, kInfinite, kWrongShape, kOutOfRange, kHang, kSlow };

/// Says what each call of a fake model does. Shared by the test and the models, which may outlive the test's element.
class Script {
 public:
  /// Call n (from 1 on) fails this way.
  void at(int call, Fault fault);
  /// Every call that at() does not name fails this way.
  void always(Fault fault);
  /// How long a kSlow call takes.
  void set_slow(Seconds time);
  /// Lets calls that hang return; later ones do not hang.
  void release();
  /// Calls begun so far.
  int calls() const { return calls_; }

  /// A model's side: counts the call, throws, waits; gives the fault whose result the model makes up.
  Fault next();

 private:
  std::atomic<int> calls_{0};
  Mutex mutex_;
  Condition released_changed_;
  std::map<int, Fault> faults_ EKYA_GUARDED_BY(mutex_);
  Fault always_ EKYA_GUARDED_BY(mutex_) = Fault::kNone;
  Seconds slow_ EKYA_GUARDED_BY(mutex_){0.1};
  bool released_ EKYA_GUARDED_BY(mutex_) = false;
};

/// Answers by the colour of a crop's middle pixel: class red / 32 (modulo the number of labels) with confidence
/// green / 255, the rest spread evenly. Expects the identity as normalisation.
class FakeClassifier : public learner::Classifier {
 public:
  explicit FakeClassifier(learner::ModelInfo info, std::shared_ptr<Script> script = nullptr);
  const learner::ModelInfo& info() const override { return info_; }
  Result<std::vector<float>> classify(std::span<const float> crops, int count) const override;

 private:
  const learner::ModelInfo info_;
  const std::shared_ptr<Script> script_;
};

/// Gives the same detections for each frame, those at or above the threshold.
class FakeDetector : public learner::Detector {
 public:
  FakeDetector(learner::DetectorInfo info, std::vector<learner::Detection> found,
               std::shared_ptr<Script> script = nullptr);
  const learner::DetectorInfo& info() const override { return info_; }
  Result<std::vector<learner::Detection>> detect(std::span<const float> frame, float threshold) const override;

 private:
  const learner::DetectorInfo info_;
  const std::vector<learner::Detection> found_;
  const std::shared_ptr<Script> script_;
};

/// ModelInfo with an input of 8x8 and the identity as normalisation.
learner::ModelInfo fake_model_info(std::vector<std::string> labels);

/// Opens everything as a FakeClassifier or FakeDetector; trains nothing.
class FakeEngine : public learner::Engine {
 public:
  explicit FakeEngine(std::shared_ptr<Script> script = nullptr, std::vector<learner::Detection> found = {});

  int thread_count_calls() const { return thread_count_calls_; }

  void set_thread_count(int) const override { ++thread_count_calls_; }
  std::vector<learner::Architecture> architectures() const override { return {{"fake"}}; }
  /// An empty tensor list with the info as metadata.
  Result<learner::WeightsFile> initialise(const learner::ModelInfo& info, std::uint64_t seed) const override;
  Result<std::shared_ptr<const learner::Classifier>> build_classifier(const learner::WeightsFile& file) const override;
  Result<std::shared_ptr<const learner::Detector>> build_detector(const learner::WeightsFile& file) const override;
  Result<std::shared_ptr<const learner::Classifier>> load_torchscript(
      const std::string& path, const learner::ModelInfo& info, const learner::WeightsFile* retrained) const override;
  Result<std::shared_ptr<const learner::Detector>> load_torchscript_detector(
      const std::string& path, const learner::DetectorInfo& info) const override;
  Result<std::unique_ptr<learner::TrainingJob>> train(const learner::Classifier& from,
                                                      const learner::LabelledCrops& data,
                                                      const learner::TrainOptions& options) const override;
  Result<std::unique_ptr<learner::DetectorTrainingJob>> train_detector(
      const learner::Detector& from, const learner::LabelledFrames& data,
      const learner::TrainOptions& options) const override;

 private:
  const std::shared_ptr<Script> script_;
  const std::vector<learner::Detection> found_;
  mutable std::atomic<int> thread_count_calls_{0};
};

}  // namespace ekya::testing
