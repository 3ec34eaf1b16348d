// SPDX-License-Identifier: LGPL-2.1-or-later
#include "inference.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>

#include "attempt.h"
#include "tensors.h"

namespace ekya::learner {
namespace {

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor result = tensor.contiguous();
  const float* values = result.const_data_ptr<float>();
  return {values, values + result.numel()};
}

at::Tensor images_of(const ModelInfo& info, std::span<const float> crops, int count) {
  return at::from_blob(const_cast<float*>(crops.data()), {count, 3, info.input_size, info.input_size}, at::kFloat);
}

void check_crops(const ModelInfo& info, std::span<const float> crops, int count) {
  const auto size = static_cast<std::size_t>(info.input_size);
  if (count > 0 && crops.size() == static_cast<std::size_t>(count) * 3 * size * size) return;
  refuse(ErrorCode::kInvalidArgument, "classify: expected " + std::to_string(count) + " crops of 3 x " +
                                          std::to_string(size) + " x " + std::to_string(size) + " values, found " +
                                          std::to_string(crops.size()) + " values");
}

void check_logits(const ModelInfo& info, const at::Tensor& logits, int count) {
  const std::int64_t expected[] = {count, static_cast<std::int64_t>(info.labels.size())};
  if (logits.sizes() != at::IntArrayRef(expected))
    refuse(ErrorCode::kInternal, "the model's output has shape " + c10::str(logits.sizes()) + ", expected " +
                                     c10::str(at::IntArrayRef(expected)) + ": one column a label");
  if (!all_finite(logits)) refuse(ErrorCode::kInternal, "the model's output is not finite");
}

}  // namespace

std::vector<float> probabilities(const ModelInfo& info, std::span<const float> crops, int count,
                                 const Forward& forward) {
  check_crops(info, crops, count);
  const c10::InferenceMode inference;
  const at::Tensor logits = forward(images_of(info, crops, count)).to(at::kFloat);
  check_logits(info, logits, count);
  return values_of(at::softmax(logits, 1));
}

std::vector<float> features_of(const ModelInfo& info, std::span<const float> crops, int count, const Forward& forward) {
  check_crops(info, crops, count);
  const c10::InferenceMode inference;
  const at::Tensor features = forward(images_of(info, crops, count)).to(at::kFloat);
  if (features.dim() != 2 || features.size(0) != count || !all_finite(features))
    refuse(ErrorCode::kInternal, "the trunk's output has shape " + c10::str(features.sizes()) +
                                     " or a value that is not finite; expected one row a crop");
  return values_of(features);
}

void warm_up(const ModelInfo& info, const Forward& forward) {
  const std::vector<float> zeros(static_cast<std::size_t>(3) * info.input_size * info.input_size);
  probabilities(info, zeros, 1, forward);
}

}  // namespace ekya::learner
