// SPDX-License-Identifier: LGPL-2.1-or-later
#include "frozen_outputs.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>

#include "tensors.h"

namespace ekya::learner {
namespace {

/// As the cache gives it back; what half precision cannot hold is not kept there and stays as it is.
at::Tensor rounded(const at::Tensor& outputs) {
  const at::Tensor halves = outputs.to(at::kHalf).to(at::kFloat);
  return all_finite(halves) ? halves : outputs;
}

}  // namespace

FrozenOutputs::FrozenOutputs(const Trainee& trainee, const Batches& batches, std::shared_ptr<FeatureCache> cache,
                             const std::string& trunk)
    : trainee_(trainee),
      batches_(batches),
      cache_(trunk.empty() ? nullptr : std::move(cache)),
      trunk_(trunk),
      known_(static_cast<std::size_t>(batches.count())) {}

at::Tensor FrozenOutputs::of(const at::Tensor& rows) {
  const at::NoGradGuard no_grad;
  auto missing = unknown(rows);
  if (cache_) missing = not_in_cache(missing);
  if (!missing.empty()) compute(missing);
  return outputs_.index_select(0, rows);
}

std::vector<std::int64_t> FrozenOutputs::unknown(const at::Tensor& rows) const {
  std::vector<std::int64_t> missing;
  for (const auto row : at::ArrayRef(rows.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(rows.numel())))
    if (!known_[static_cast<std::size_t>(row)]) missing.push_back(row);
  return missing;
}

std::vector<std::int64_t> FrozenOutputs::not_in_cache(const std::vector<std::int64_t>& rows) {
  std::vector<std::int64_t> missing;
  for (const std::int64_t row : rows) {
    auto values = cache_->find(trunk_, sample_key(batches_.pixels(row)));
    const auto count = values ? static_cast<std::int64_t>(values->size()) : 0;
    if (!values || (outputs_.defined() && outputs_.size(1) != count))
      missing.push_back(row);
    else
      keep({row}, at::from_blob(values->data(), {1, count}, at::kFloat));
  }
  return missing;
}

void FrozenOutputs::compute(const std::vector<std::int64_t>& rows) {
  at::Tensor outputs = trainee_.frozen_part(batches_.images(at::tensor(rows)));
  if (cache_) {
    outputs = rounded(outputs).contiguous();
    store(rows, outputs);
  }
  keep(rows, outputs);
  if (cache_ && known_count_ == known_.size()) cache_->flush();
}

void FrozenOutputs::store(const std::vector<std::int64_t>& rows, const at::Tensor& outputs) {
  const auto count = static_cast<std::size_t>(outputs.size(1));
  for (std::size_t i = 0; i < rows.size(); ++i)
    cache_->store(trunk_, sample_key(batches_.pixels(rows[i])), {outputs.const_data_ptr<float>() + i * count, count});
}

void FrozenOutputs::keep(const std::vector<std::int64_t>& rows, const at::Tensor& outputs) {
  if (!outputs_.defined()) outputs_ = at::empty({batches_.count(), outputs.size(1)});
  outputs_.index_copy_(0, at::tensor(rows), outputs);
  for (const auto row : rows) known_[static_cast<std::size_t>(row)] = true;
  known_count_ += rows.size();
}

}  // namespace ekya::learner
