// SPDX-License-Identifier: LGPL-2.1-or-later
#include "training.h"

#include <ATen/Functions.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/utils.h>

#include "attempt.h"
#include "batches.h"
#include "optimiser.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

/// Jobs are short: the running statistics must follow within a few dozen steps.
constexpr double kStatisticsMomentum = 0.2;

std::shared_ptr<Network> copy_of(const TorchClassifier& from) {
  const auto network = make_network(from.info());
  copy_state(from.network(), *network);
  return network;
}

std::vector<at::Tensor> trained_parameters(Network& network, TrainedLayers layers) {
  if (layers == TrainedLayers::kAll) return network.parameters();
  for (at::Tensor& parameter : network.parameters()) parameter.set_requires_grad(false);
  for (at::Tensor& parameter : network.head->parameters()) parameter.set_requires_grad(true);
  return network.head->parameters();
}

void prepare(Network& network, bool train_statistics) {
  network.train(train_statistics);
  for (const auto& module : network.modules())
    if (auto* bn = module->as<torch::nn::BatchNorm2d>()) bn->options.momentum(kStatisticsMomentum);
}

class NetworkJob : public TrainingJob {
 public:
  NetworkJob(const TorchClassifier& from, const LabelledCrops& data, const TrainOptions& options)
      : info_(from.info()),
        layers_(options.layers),
        batches_(data, info_, options),
        network_(copy_of(from)),
        optimiser_(trained_parameters(*network_, layers_), options, batches_.steps()) {
    prepare(*network_, layers_ == TrainedLayers::kAll && !batches_.single());
    known_.resize(static_cast<std::size_t>(batches_.count()));
  }

  int steps() const override { return batches_.steps(); }

  Result<StepReport> step() override {
    return attempt("train", [&] {
      if (done_ == steps()) refuse(ErrorCode::kInvalidArgument, "the job has done all its steps");
      const Batches::Batch batch = batches_.at_step(done_);
      const at::Tensor logits = layers_ == TrainedLayers::kAll ? network_->forward(shifted(batches_.inputs(batch.rows)))
                                                               : network_->head->forward(features(batch.rows));
      const double loss = optimiser_.step(logits, batch);
      ++done_;
      return StepReport{loss, done_, steps(), done_ == steps()};
    });
  }

  Result<WeightsFile> weights() const override {
    return attempt("weights", [&] {
      WeightsFile file;
      for (const auto& [name, tensor] : state_of(*network_)) {
        if (!all_finite(tensor)) refuse(ErrorCode::kInternal, "weights \"" + name + "\" are not finite");
        file.tensors[name] = to_half(tensor);
      }
      set_model_info(file, info_);
      return file;
    });
  }

  Result<std::shared_ptr<const Classifier>> classifier() const override {
    return attempt("copy", [&] {
      const torch::NoGradGuard no_grad;
      const auto copy = make_network(info_);
      copy_state(*network_, *copy);
      return std::static_pointer_cast<const Classifier>(std::make_shared<TorchClassifier>(info_, copy));
    });
  }

 private:
  /// The frozen trunk's output, computed once a sample and kept: later epochs only run the head.
  at::Tensor features(const at::Tensor& rows) {
    const torch::NoGradGuard no_grad;
    std::vector<std::int64_t> missing;
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
      const auto row = rows.const_data_ptr<std::int64_t>()[i];
      if (!known_[static_cast<std::size_t>(row)]) missing.push_back(row);
    }
    if (!missing.empty()) {
      const at::Tensor wanted = at::tensor(missing);
      const at::Tensor computed = network_->features(batches_.inputs(wanted));
      if (!cache_.defined()) cache_ = at::zeros({batches_.count(), computed.size(1)});
      cache_.index_copy_(0, wanted, computed);
      for (const auto row : missing) known_[static_cast<std::size_t>(row)] = true;
    }
    return cache_.index_select(0, rows);
  }

  /// The batch moved by a few pixels, another way each step: regions are never cut out quite alike.
  at::Tensor shifted(const at::Tensor& x) const {
    const std::int64_t most = std::max<std::int64_t>(1, x.size(2) / 32), side = x.size(2);
    const std::int64_t dx = (done_ * 7) % (2 * most + 1), dy = (done_ * 5 + 1) % (2 * most + 1);
    return at::replication_pad2d(x, {most, most, most, most}).narrow(2, dy, side).narrow(3, dx, side).contiguous();
  }

  const ModelInfo info_;
  const TrainedLayers layers_;
  Batches batches_;
  std::shared_ptr<Network> network_;
  Optimiser optimiser_;
  at::Tensor cache_;         ///< [samples, features], for a frozen trunk.
  std::vector<bool> known_;  ///< Rows of the cache that are filled.
  int done_ = 0;
};

}  // namespace

std::unique_ptr<TrainingJob> train_network(const TorchClassifier& from, const LabelledCrops& data,
                                           const TrainOptions& options) {
  return std::make_unique<NetworkJob>(from, data, options);
}

}  // namespace ekya::learner
