// SPDX-License-Identifier: LGPL-2.1-or-later
#include "batches.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "attempt.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

constexpr int kWidestHead = 4096;
constexpr float kLightestClass = 0.33F, kHeaviestClass = 3.0F;

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

void check_samples(const LabelledCrops& data, const ModelInfo& info) {
  const auto count = static_cast<std::size_t>(data.count()), side = static_cast<std::size_t>(info.input_size);
  if (count == 0) refuse(ErrorCode::kInvalidArgument, "there is no sample to train on");
  if (data.size != info.input_size)
    refuse(ErrorCode::kInvalidArgument, "the crops have a side of " + std::to_string(data.size) +
                                            " pixels, the model's input has " + std::to_string(info.input_size));
  if (data.pixels.size() != count * side * side * 3 || data.weights.size() != count)
    refuse(ErrorCode::kInvalidArgument, "there are " + std::to_string(count) + " labels, but " +
                                            std::to_string(data.pixels.size()) + " bytes of pixels and " +
                                            std::to_string(data.weights.size()) + " weights");
}

void check_labels(const LabelledCrops& data, const ModelInfo& info) {
  for (const int label : data.labels)
    if (label < 0 || label >= static_cast<int>(info.labels.size()))
      refuse(ErrorCode::kInvalidArgument, "label " + std::to_string(label) + " is out of range, the model has " +
                                              std::to_string(info.labels.size()) + " classes");
  for (const float weight : data.weights)
    if (!(weight > 0 && std::isfinite(weight)))
      refuse(ErrorCode::kInvalidArgument, "sample weight " + std::to_string(weight) + " is not above 0");
}

}  // namespace

void check_training(const LabelledCrops& data, const ModelInfo& info, const TrainOptions& options) {
  check_samples(data, info);
  check_labels(data, info);
  check_options(options);
}

void check_options(const TrainOptions& options) {
  const auto check = [](const char* what, double value, double least, double most) {
    if (value >= least && value <= most) return;
    std::ostringstream text;
    text << what << " is " << value << ", expected " << least << " to " << most;
    refuse(ErrorCode::kInvalidArgument, text.str());
  };
  check("the number of epochs", options.epochs, 1, 10'000);
  check("the batch size", options.batch_size, 1, 4096);
  check("the learning rate", options.learning_rate, 0, std::numeric_limits<double>::max());
  check("the momentum", options.momentum, 0, 1);
  check("the head's width", options.head_width, 0, kWidestHead);
  check("the weight decay", options.weight_decay, 0, std::numeric_limits<double>::max());
}

Batches::Batches(const LabelledCrops& data, const ModelInfo& info, const TrainOptions& options, int first_epoch)
    : count_(data.count()),
      order_(count_, options.batch_size, options.epochs, options.seed, first_epoch),
      normalisation_(info.normalisation) {
  const std::int64_t side = data.size;
  pixels_ = at::from_blob(const_cast<std::uint8_t*>(data.pixels.data()), {count_, side, side, 3}, at::kByte).clone();
  labels_ = at::empty({count_}, at::kLong);
  weights_ = at::empty({count_}, at::kFloat);
  const std::vector<float> balance = class_weights(data, info.labels.size());
  for (int i = 0; i < count_; ++i) {
    const int label = data.labels[static_cast<std::size_t>(i)];
    labels_.mutable_data_ptr<std::int64_t>()[i] = label;
    weights_.mutable_data_ptr<float>()[i] =
        data.weights[static_cast<std::size_t>(i)] * balance[static_cast<std::size_t>(label)];
  }
}

Batches::Batch Batches::at_step(int step) {
  const auto samples = order_.at_step(step);
  const at::Tensor rows = at::tensor(at::ArrayRef(samples.data(), samples.size()));
  return {rows, labels_.index_select(0, rows), weights_.index_select(0, rows)};
}

at::Tensor Batches::images(const at::Tensor& rows) const {
  return normalised(pixels_.index_select(0, rows), normalisation_);
}

std::span<const std::uint8_t> Batches::pixels(std::int64_t row) const {
  const auto bytes = static_cast<std::size_t>(pixels_.stride(0));
  return {pixels_.const_data_ptr<std::uint8_t>() + static_cast<std::size_t>(row) * bytes, bytes};
}

}  // namespace ekya::learner
