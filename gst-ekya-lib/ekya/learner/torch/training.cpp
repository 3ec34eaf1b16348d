// SPDX-License-Identifier: LGPL-2.1-or-later
#include "training.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>

#include <optional>
#include <set>
#include <utility>

#include "attempt.h"
#include "augmentation.h"
#include "batches.h"
#include "frozen_outputs.h"
#include "optimiser.h"

namespace ekya::learner {
namespace {

/// What the model will be. Throws Refused unless all of its labels stay, each once.
ModelInfo target_of(const ModelInfo& from, const TrainOptions& options) {
  constexpr std::size_t kMostLabels = 4096;
  ModelInfo target = from;
  if (options.head_width > 0) target.head_width = options.head_width;
  if (options.labels.empty()) return target;
  const std::set<std::string> wanted(options.labels.begin(), options.labels.end());
  if (wanted.size() != options.labels.size() || wanted.size() > kMostLabels)
    refuse(ErrorCode::kInvalidArgument, "the labels to train for are not at most 4096, each named once");
  for (const std::string& label : from.labels)
    if (!wanted.count(label))
      refuse(ErrorCode::kInvalidArgument,
             "the labels to train for lack '" + label + "', which the model has; classes can be added, not taken away");
  target.labels = options.labels;
  return target;
}

at::Tensor weighted_loss(const at::Tensor& logits, const Batches::Batch& batch) {
  constexpr std::int64_t kNoIgnoredLabel = -100;
  const at::Tensor each = at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::None, kNoIgnoredLabel);
  return (each * batch.weights).sum() / batch.weights.sum();
}

/// The samples of a job until it is extended.
struct Samples {
  Samples(const Trainee& trainee, const LabelledCrops& data, const ModelInfo& info, const TrainOptions& options,
          int first_epoch, const std::string& trunk)
      : batches(data, info, options, first_epoch), frozen_outputs(trainee, batches, options.feature_cache, trunk) {}

  Batches batches;
  FrozenOutputs frozen_outputs;
};

class Job : public TrainingJob {
 public:
  Job(const TorchClassifier& from, const ModelInfo& target, const LabelledCrops& data, const TrainOptions& options)
      : options_(options),
        info_(target),
        trainee_(from.trainee(target, options)),
        trunk_(options.feature_cache && trainee_->has_frozen_part() ? from.trunk_hash() : ""),
        samples_(std::make_unique<Samples>(*trainee_, data, info_, options_, 0, trunk_)),
        augmentation_(options),
        optimiser_(trainee_->trained(), options, samples_->batches.steps()) {}

  int steps() const override { return samples_->batches.steps(); }

  Result<StepReport> step() override {
    if (failure_) return *failure_;
    auto report = attempt("train", [&] { return one_step(); });
    if (!report) failure_ = report.error();
    return report;
  }

  Status extend(const LabelledCrops& data, int epochs, Schedule schedule) override {
    if (failure_) return *failure_;
    return attempt("extend", [&] { go_on(data, epochs, schedule); });
  }

  Result<WeightsFile> weights() const override {
    return attempt("weights", [&] { return trainee_->weights(); });
  }

  Result<std::shared_ptr<const Classifier>> classifier() const override {
    return attempt("copy", [&] { return trainee_->classifier(); });
  }

 private:
  StepReport one_step() {
    if (done_ == steps())
      refuse(ErrorCode::kInvalidArgument, "the job has done all of its " + std::to_string(steps()) + " steps");
    const Batches::Batch batch = samples_->batches.at_step(done_);
    const at::Tensor input = trainee_->has_frozen_part() ? samples_->frozen_outputs.of(batch.rows)
                                                         : augmentation_.apply(samples_->batches.images(batch.rows));
    const at::Tensor loss = weighted_loss(trainee_->trained_part(input), batch);
    optimiser_.step(loss);
    ++done_;
    return {loss.item<double>(), done_, steps(), done_ == steps()};
  }

  void go_on(const LabelledCrops& data, int epochs, Schedule schedule) {
    TrainOptions options = options_;
    options.epochs = epochs;
    check_training(data, info_, options);
    const int first_epoch = first_epoch_ + samples_->batches.epochs();
    auto samples = std::make_unique<Samples>(*trainee_, data, info_, options, first_epoch, trunk_);
    optimiser_.restart(schedule, samples->batches.steps());
    samples_ = std::move(samples);
    first_epoch_ = first_epoch;
    done_ = 0;
  }

  const TrainOptions options_;
  const ModelInfo info_;
  const std::unique_ptr<Trainee> trainee_;
  const std::string trunk_;  ///< Its hash; empty: the cache is not used.
  std::unique_ptr<Samples> samples_;
  Augmentation augmentation_;
  Optimiser optimiser_;
  std::optional<Error> failure_;
  int first_epoch_ = 0;
  int done_ = 0;
};

}  // namespace

std::unique_ptr<TrainingJob> start_training(const TorchClassifier& from, const LabelledCrops& data,
                                            const TrainOptions& options) {
  const ModelInfo target = target_of(from.info(), options);
  check_training(data, target, options);
  return std::make_unique<Job>(from, target, data, options);
}

}  // namespace ekya::learner
