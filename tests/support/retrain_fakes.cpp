// SPDX-License-Identifier: LGPL-2.1-or-later
#include "retrain_fakes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace ekya::learner::testing {
namespace {

constexpr const char* kTensor = "table";

class FakeClassifier : public Classifier {
 public:
  FakeClassifier(ModelInfo info, std::vector<int> table, bool mute)
      : info_(std::move(info)), table_(std::move(table)), mute_(mute) {}

  const ModelInfo& info() const override { return info_; }
  const std::vector<int>& table() const { return table_; }

  Result<std::vector<float>> classify(std::span<const float> crops, int count) const override {
    if (mute_) return Error{ErrorCode::kInternal, "the result is not finite"};
    const std::size_t crop = std::size_t{3} * info_.input_size * info_.input_size;
    std::vector<float> out(info_.labels.size() * count, 0.0f);
    for (int i = 0; i < count; ++i) {
      const int look = static_cast<int>(std::lround(crops[crop * i] * 255));
      const int label = look < static_cast<int>(table_.size()) ? table_[static_cast<std::size_t>(look)] : 0;
      out[info_.labels.size() * i + static_cast<std::size_t>(label)] = 1;
    }
    return out;
  }

 private:
  ModelInfo info_;
  std::vector<int> table_;
  bool mute_;
};

WeightsFile to_weights(const ModelInfo& info, const std::vector<int>& table) {
  WeightsFile file;
  Tensor tensor;
  tensor.shape = {static_cast<std::int64_t>(table.size())};
  tensor.data.resize(table.size() * sizeof(float));
  for (std::size_t i = 0; i < table.size(); ++i) {
    const float value = static_cast<float>(table[i]);
    std::memcpy(tensor.data.data() + i * sizeof value, &value, sizeof value);
  }
  file.tensors[kTensor] = std::move(tensor);
  set_model_info(file, info);
  return file;
}

class FakeJob : public TrainingJob {
 public:
  FakeJob(ModelInfo info, std::vector<int> table, LabelledCrops data, const TrainOptions& options, TrainFaults* faults)
      : info_(std::move(info)),
        table_(std::move(table)),
        data_(std::move(data)),
        batch_size_(options.batch_size),
        faults_(faults) {
    if (!options.labels.empty()) info_.labels = options.labels;
    const int batches = (data_.count() + options.batch_size - 1) / options.batch_size;
    steps_ = std::max(1, batches) * options.epochs;
  }

  int steps() const override { return steps_; }

  Result<StepReport> step() override {
    ++step_;
    if (faults_->on_step) faults_->on_step(step_);
    if (faults_->throw_at == step_) throw std::bad_alloc();
    if (faults_->error_at == step_) return Error{ErrorCode::kResource, "out of memory in a test"};
    if (step_ == steps_) learn();
    const bool nan = faults_->nan_loss_at == step_;
    return StepReport{nan ? std::numeric_limits<double>::quiet_NaN() : 1.0 / step_, step_, steps_, step_ == steps_};
  }

  Status extend(const LabelledCrops& data, int epochs, Schedule) override {
    data_ = data;
    steps_ = std::max(1, (data_.count() + batch_size_ - 1) / batch_size_) * epochs;
    step_ = 0;
    return {};
  }

  Result<WeightsFile> weights() const override { return to_weights(info_, table_); }
  Result<std::shared_ptr<const Classifier>> classifier() const override {
    return std::shared_ptr<const Classifier>(std::make_shared<FakeClassifier>(info_, table_, faults_->mute));
  }

 private:
  void learn() {
    const std::size_t crop = std::size_t{3} * data_.size * data_.size;
    std::map<int, std::map<int, float>> votes;
    for (int i = 0; i < data_.count(); ++i)
      votes[data_.pixels[crop * i]][data_.labels[static_cast<std::size_t>(i)]] +=
          data_.weights[static_cast<std::size_t>(i)];
    for (const auto& [look, labels] : votes) {
      if (look >= static_cast<int>(table_.size())) continue;
      const auto best = std::max_element(labels.begin(), labels.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
      table_[static_cast<std::size_t>(look)] = best->first;
    }
    if (faults_->spoil) std::fill(table_.begin(), table_.end(), 0);
  }

  ModelInfo info_;
  std::vector<int> table_;
  LabelledCrops data_;
  int batch_size_;
  TrainFaults* faults_;
  int steps_ = 0, step_ = 0;
};

}  // namespace

WeightsFile FakeTrainEngine::weights(const std::vector<std::string>& labels, const std::vector<int>& table, int size) {
  ModelInfo info;
  info.architecture = "fake";
  info.labels = labels;
  info.input_size = size;
  return to_weights(info, table);
}

Result<WeightsFile> FakeTrainEngine::initialise(const ModelInfo& info, std::uint64_t) const {
  return to_weights(info, std::vector<int>(info.labels.size(), 0));
}

Result<std::shared_ptr<const Classifier>> FakeTrainEngine::build_classifier(const WeightsFile& file) const {
  const auto info = model_info(file);
  if (!info) return info.error();
  const auto tensor = file.tensors.find(kTensor);
  if (info->architecture != "fake" || tensor == file.tensors.end())
    return Error{ErrorCode::kInvalidArgument, "expected architecture fake, found " + info->architecture};
  std::vector<int> table;
  for (std::size_t i = 0; i + sizeof(float) <= tensor->second.data.size(); i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, tensor->second.data.data() + i, sizeof value);
    table.push_back(static_cast<int>(value));
  }
  return std::shared_ptr<const Classifier>(std::make_shared<FakeClassifier>(*info, table, false));
}

Result<std::shared_ptr<const Classifier>> FakeTrainEngine::load_torchscript(const std::string&, const ModelInfo&,
                                                                            const WeightsFile*) const {
  return Error{ErrorCode::kUnavailable, "no TorchScript in a test"};
}

Result<std::shared_ptr<const Detector>> FakeTrainEngine::load_torchscript_detector(const std::string&,
                                                                                   const DetectorInfo&) const {
  return Error{ErrorCode::kUnavailable, "no TorchScript in a test"};
}

Result<std::shared_ptr<const Detector>> FakeTrainEngine::build_detector(const WeightsFile&) const {
  return Error{ErrorCode::kUnavailable, "no detector in a test of classifiers"};
}

Result<std::unique_ptr<DetectorTrainingJob>> FakeTrainEngine::train_detector(const Detector&, const LabelledFrames&,
                                                                             const TrainOptions&) const {
  return Error{ErrorCode::kUnavailable, "no detector in a test of classifiers"};
}

Result<std::unique_ptr<TrainingJob>> FakeTrainEngine::train(const Classifier& from, const LabelledCrops& data,
                                                            const TrainOptions& options) const {
  if (faults_->on_train) faults_->on_train();
  if (data.count() == 0) return Error{ErrorCode::kInvalidArgument, "no sample"};
  const auto& model = dynamic_cast<const FakeClassifier&>(from);
  return std::unique_ptr<TrainingJob>(std::make_unique<FakeJob>(model.info(), model.table(), data, options, faults_));
}

std::vector<std::uint8_t> crop_of(int look, int size) {
  return std::vector<std::uint8_t>(std::size_t{3} * size * size, static_cast<std::uint8_t>(look));
}

Status FakeSampleStore::add(const Sample& sample) {
  if (full) return Error{ErrorCode::kIo, "samples/1.jpg: No space left on device"};
  MutexLock lock(mutex_);
  samples_.push_back(sample);
  return {};
}

Result<LabelledCrops> FakeSampleStore::load(const std::vector<std::string>& labels, const Query& query) {
  if (on_load) on_load();
  MutexLock lock(mutex_);
  LabelledCrops crops;
  crops.size = query.size;
  std::size_t recent = 0, earlier = 0;
  for (auto sample = samples_.rbegin(); sample != samples_.rend(); ++sample) {
    const auto label = std::find(labels.begin(), labels.end(), sample->label);
    if (sample->held_back != query.held_back || label == labels.end()) continue;
    const bool is_recent = sample->window >= query.min_window;
    std::size_t& taken = is_recent ? recent : earlier;
    if (taken >= (is_recent ? query.max_recent : query.exemplars)) continue;
    ++taken;
    crops.pixels.insert(crops.pixels.end(), sample->pixels.begin(), sample->pixels.end());
    crops.labels.push_back(static_cast<int>(label - labels.begin()));
    crops.weights.push_back(sample->confidence);
  }
  return crops;
}

std::map<std::string, std::size_t> FakeSampleStore::count_by_label(std::uint64_t min_window) const {
  MutexLock lock(mutex_);
  std::map<std::string, std::size_t> counts;
  for (const Sample& sample : samples_)
    if (sample.window >= min_window) ++counts[sample.label];
  return counts;
}

std::size_t FakeSampleStore::size() const {
  MutexLock lock(mutex_);
  return samples_.size();
}

std::uint64_t FakeSampleStore::last_window() const {
  MutexLock lock(mutex_);
  std::uint64_t last = 0;
  for (const Sample& sample : samples_) last = std::max(last, sample.window);
  return last;
}

}  // namespace ekya::learner::testing
