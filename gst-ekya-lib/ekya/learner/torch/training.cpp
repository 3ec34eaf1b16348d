// SPDX-License-Identifier: LGPL-2.1-or-later
#include "training.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <optional>

#include "attempt.h"
#include "augmentation.h"
#include "batches.h"
#include "optimiser.h"

namespace ekya::learner {
namespace {

/// What the frozen part says of each sample, computed at most once: later epochs run just the trained part.
class FrozenOutputs {
 public:
  FrozenOutputs(const Trainee& trainee, const Batches& batches)
      : trainee_(trainee), batches_(batches), known_(static_cast<std::size_t>(batches.count())) {}

  /// rows: [n], int64. Gives [n, features].
  at::Tensor of(const at::Tensor& rows) {
    const at::NoGradGuard no_grad;
    std::vector<std::int64_t> missing;
    for (const auto row : at::ArrayRef(rows.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(rows.numel())))
      if (!known_[static_cast<std::size_t>(row)]) missing.push_back(row);
    if (!missing.empty()) compute(missing);
    return outputs_.index_select(0, rows);
  }

 private:
  void compute(const std::vector<std::int64_t>& rows) {
    const at::Tensor wanted = at::tensor(rows);
    const at::Tensor outputs = trainee_.frozen_part(batches_.images(wanted));
    if (!outputs_.defined()) outputs_ = at::empty({batches_.count(), outputs.size(1)});
    outputs_.index_copy_(0, wanted, outputs);
    for (const auto row : rows) known_[static_cast<std::size_t>(row)] = true;
  }

  const Trainee& trainee_;
  const Batches& batches_;
  std::vector<bool> known_;  ///< Rows of outputs_ that are filled.
  at::Tensor outputs_;       ///< [samples, features]
};

at::Tensor weighted_loss(const at::Tensor& logits, const Batches::Batch& batch) {
  constexpr std::int64_t kNoIgnoredLabel = -100;
  const at::Tensor each = at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::None, kNoIgnoredLabel);
  return (each * batch.weights).sum() / batch.weights.sum();
}

class Job : public TrainingJob {
 public:
  Job(std::unique_ptr<Trainee> trainee, const ModelInfo& info, const LabelledCrops& data, const TrainOptions& options)
      : trainee_(std::move(trainee)),
        batches_(data, info, options),
        augmentation_(options),
        frozen_outputs_(*trainee_, batches_),
        optimiser_(trainee_->trained(), options, batches_.steps()) {}

  int steps() const override { return batches_.steps(); }

  Result<StepReport> step() override {
    if (failure_) return *failure_;
    auto report = attempt("train", [&] { return one_step(); });
    if (!report) failure_ = report.error();
    return report;
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
    const Batches::Batch batch = batches_.at_step(done_);
    const at::Tensor input =
        trainee_->has_frozen_part() ? frozen_outputs_.of(batch.rows) : augmentation_.apply(batches_.images(batch.rows));
    const at::Tensor loss = weighted_loss(trainee_->trained_part(input), batch);
    optimiser_.step(loss);
    ++done_;
    return {loss.item<double>(), done_, steps(), done_ == steps()};
  }

  const std::unique_ptr<Trainee> trainee_;
  Batches batches_;
  Augmentation augmentation_;
  FrozenOutputs frozen_outputs_;
  Optimiser optimiser_;
  std::optional<Error> failure_;
  int done_ = 0;
};

}  // namespace

std::unique_ptr<TrainingJob> start_training(const TorchClassifier& from, const LabelledCrops& data,
                                            const TrainOptions& options) {
  check_training(data, from.info(), options);
  return std::make_unique<Job>(from.trainee(options.layers), from.info(), data, options);
}

}  // namespace ekya::learner
