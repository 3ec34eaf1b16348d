// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fake_engine.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>
#include <utility>

namespace ekya::testing {
namespace {

// Row of a fake classifier for one crop [3, size, size].
void answer(std::span<const float> crop, int size, std::span<float> out) {
  const std::size_t plane = std::size_t(size) * size, middle = plane / 2 + size / 2;
  const long red = std::lround(crop[middle] * 255);
  const float confidence = crop[plane + middle];
  const std::size_t label = static_cast<std::size_t>(red / 32) % out.size();
  const float rest = out.size() > 1 ? (1 - confidence) / static_cast<float>(out.size() - 1) : 0;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = i == label ? confidence : rest;
}

}  // namespace

void Script::at(int call, Fault fault) {
  MutexLock lock(mutex_);
  faults_[call] = fault;
}

void Script::always(Fault fault) {
  MutexLock lock(mutex_);
  always_ = fault;
}

void Script::set_slow(Seconds time) {
  MutexLock lock(mutex_);
  slow_ = time;
}

void Script::release() {
  MutexLock lock(mutex_);
  released_ = true;
  released_changed_.notify_all();
}

Fault Script::next() {
  MutexLock lock(mutex_);
  const int call = ++calls_;
  const auto found = faults_.find(call);
  const Fault fault = found == faults_.end() ? always_ : found->second;
  if (fault == Fault::kThrow) throw std::runtime_error("scripted exception");
  if (fault == Fault::kHang) {
    while (!released_) released_changed_.wait(lock);
  }
  if (fault == Fault::kSlow) {
    const Seconds time = slow_;
    lock.unlock();
    std::this_thread::sleep_for(time);
    lock.lock();
  }
  return fault;
}

FakeClassifier::FakeClassifier(learner::ModelInfo info, std::shared_ptr<Script> script)
    : info_(std::move(info)), script_(std::move(script)) {}

Result<std::vector<float>> FakeClassifier::classify(std::span<const float> crops, int count) const {
  const Fault fault = script_ ? script_->next() : Fault::kNone;
  if (fault == Fault::kError) return Error{ErrorCode::kInternal, "scripted failure"};
  const std::size_t crop = std::size_t{3} * info_.input_size * info_.input_size, labels = info_.labels.size();
  std::vector<float> out(labels * count);
  for (int i = 0; i < count; ++i)
    answer(crops.subspan(crop * i, crop), info_.input_size, std::span(out).subspan(labels * i, labels));
  if (fault == Fault::kNan) out.assign(out.size(), std::numeric_limits<float>::quiet_NaN());
  if (fault == Fault::kInfinite) out.assign(out.size(), std::numeric_limits<float>::infinity());
  if (fault == Fault::kOutOfRange) out.assign(out.size(), 7.5f);
  if (fault == Fault::kWrongShape) out.pop_back();
  return out;
}

FakeDetector::FakeDetector(learner::DetectorInfo info, std::vector<learner::Detection> found,
                           std::shared_ptr<Script> script)
    : info_(std::move(info)), found_(std::move(found)), script_(std::move(script)) {}

Result<std::vector<learner::Detection>> FakeDetector::detect(std::span<const float>, float threshold) const {
  const Fault fault = script_ ? script_->next() : Fault::kNone;
  if (fault == Fault::kError) return Error{ErrorCode::kInternal, "scripted failure"};
  std::vector<learner::Detection> out;
  for (learner::Detection detection : found_) {
    if (detection.confidence < threshold) continue;
    if (fault == Fault::kNan) detection.x2 = std::numeric_limits<float>::quiet_NaN();
    if (fault == Fault::kInfinite) detection.confidence = std::numeric_limits<float>::infinity();
    if (fault == Fault::kOutOfRange) detection.label = 99;
    out.push_back(detection);
  }
  return out;
}

learner::ModelInfo fake_model_info(std::vector<std::string> labels) {
  learner::ModelInfo info;
  info.architecture = "fake";
  info.labels = std::move(labels);
  info.input_size = 8;
  return info;
}

FakeEngine::FakeEngine(std::shared_ptr<Script> script, std::vector<learner::Detection> found)
    : script_(std::move(script)), found_(std::move(found)) {}

Result<learner::WeightsFile> FakeEngine::initialise(const learner::ModelInfo& info, std::uint64_t) const {
  learner::WeightsFile file;
  learner::set_model_info(file, info);
  return file;
}

Result<std::shared_ptr<const learner::Classifier>> FakeEngine::build_classifier(
    const learner::WeightsFile& file) const {
  auto info = learner::model_info(file);
  if (!info) return info.error();
  return std::shared_ptr<const learner::Classifier>(std::make_shared<FakeClassifier>(*std::move(info), script_));
}

Result<std::shared_ptr<const learner::Detector>> FakeEngine::build_detector(const learner::WeightsFile& file) const {
  const auto model = learner::model_info(file);
  if (!model) return model.error();
  learner::DetectorInfo info;
  info.labels = model->labels;
  info.input_size = model->input_size;
  info.normalisation = model->normalisation;
  return std::shared_ptr<const learner::Detector>(std::make_shared<FakeDetector>(info, found_, script_));
}

Result<std::shared_ptr<const learner::Classifier>> FakeEngine::load_torchscript(const std::string&,
                                                                                const learner::ModelInfo& info,
                                                                                const learner::WeightsFile*) const {
  return std::shared_ptr<const learner::Classifier>(std::make_shared<FakeClassifier>(info, script_));
}

Result<std::shared_ptr<const learner::Detector>> FakeEngine::load_torchscript_detector(
    const std::string&, const learner::DetectorInfo& info) const {
  return std::shared_ptr<const learner::Detector>(std::make_shared<FakeDetector>(info, found_, script_));
}

Result<std::unique_ptr<learner::TrainingJob>> FakeEngine::train(const learner::Classifier&,
                                                                const learner::LabelledCrops&,
                                                                const learner::TrainOptions&) const {
  return Error{ErrorCode::kUnavailable, "the fake engine does not train; see retrain_fakes.h"};
}

Result<std::unique_ptr<learner::DetectorTrainingJob>> FakeEngine::train_detector(const learner::Detector&,
                                                                                 const learner::LabelledFrames&,
                                                                                 const learner::TrainOptions&) const {
  return Error{ErrorCode::kUnavailable, "the fake engine does not train"};
}

}  // namespace ekya::testing
