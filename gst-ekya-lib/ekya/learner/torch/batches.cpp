// SPDX-License-Identifier: LGPL-2.1-or-later
#include "batches.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "attempt.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

constexpr float kLightestClass = 0.33F, kHeaviestClass = 3.0F;

void check(const LabelledCrops& data, const ModelInfo& info) {
  const auto count = static_cast<std::size_t>(data.count()), side = static_cast<std::size_t>(info.input_size);
  if (count == 0) refuse(ErrorCode::kInvalidArgument, "there is no sample to train on");
  if (data.size != info.input_size)
    refuse(ErrorCode::kInvalidArgument, "crops are " + std::to_string(data.size) + " pixels wide, the model wants " +
                                            std::to_string(info.input_size));
  if (data.pixels.size() != count * side * side * 3 || data.weights.size() != count)
    refuse(ErrorCode::kInvalidArgument, "pixels or weights do not fit " + std::to_string(count) + " labels");
  for (const int label : data.labels)
    if (label < 0 || label >= static_cast<int>(info.labels.size()))
      refuse(ErrorCode::kInvalidArgument, "label " + std::to_string(label) + " is out of range, the model has " +
                                              std::to_string(info.labels.size()) + " classes");
}

/// Inverse class frequency, clamped, so that a rare class counts more but one odd sample does not rule.
std::vector<float> class_weights(const LabelledCrops& data, std::size_t classes) {
  std::vector<float> counts(classes, 0);
  for (const int label : data.labels) ++counts[static_cast<std::size_t>(label)];
  const auto present = static_cast<float>(std::ranges::count_if(counts, [](float c) { return c > 0; }));
  std::vector<float> weights(classes, 1);
  for (std::size_t c = 0; c < classes; ++c)
    if (counts[c] > 0)
      weights[c] = std::clamp(static_cast<float>(data.count()) / (present * counts[c]), kLightestClass, kHeaviestClass);
  return weights;
}

int steps_per_epoch(int count, int batch_size) {
  const int full = count / batch_size, rest = count % batch_size;
  return std::max(1, full + (rest >= 2 ? 1 : 0));
}

}  // namespace

Batches::Batches(const LabelledCrops& data, const ModelInfo& info, const TrainOptions& options)
    : count_(data.count()),
      epochs_(std::max(1, options.epochs)),
      batch_size_(std::max(2, options.batch_size)),
      steps_per_epoch_(learner::steps_per_epoch(count_, batch_size_)),
      seed_(options.seed),
      normalisation_(info.normalisation) {
  check(data, info);
  const std::int64_t side = data.size;
  pixels_ = at::from_blob(const_cast<std::uint8_t*>(data.pixels.data()), {count_, side, side, 3}, at::kByte).clone();
  labels_ = at::empty({count_}, at::kLong);
  weights_ = at::empty({count_}, at::kFloat);
  const std::vector<float> balance = class_weights(data, info.labels.size());
  for (int i = 0; i < count_; ++i) {
    labels_.data_ptr<std::int64_t>()[i] = data.labels[i];
    weights_.data_ptr<float>()[i] = data.weights[i] * balance[static_cast<std::size_t>(data.labels[i])];
  }
}

void Batches::shuffle(int epoch) {
  order_.resize(static_cast<std::size_t>(count_));
  std::iota(order_.begin(), order_.end(), 0);
  std::mt19937_64 random(seed_ * 1'000'003 + static_cast<std::uint64_t>(epoch));
  for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random() % i]);
  shuffled_epoch_ = epoch;
}

Batches::Batch Batches::at_step(int step) {
  const int epoch = step / steps_per_epoch_, index = step % steps_per_epoch_;
  if (epoch != shuffled_epoch_) shuffle(epoch);
  const int begin = index * batch_size_;
  const int end = index + 1 == steps_per_epoch_ ? count_ : begin + batch_size_;
  const at::Tensor rows = at::tensor(std::vector<std::int64_t>(order_.begin() + begin, order_.begin() + end));
  return {rows, labels_.index_select(0, rows), weights_.index_select(0, rows)};
}

at::Tensor Batches::inputs(const at::Tensor& rows) const {
  return normalised(pixels_.index_select(0, rows), normalisation_);
}

}  // namespace ekya::learner
