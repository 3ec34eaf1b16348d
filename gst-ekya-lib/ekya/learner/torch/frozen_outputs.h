// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "batches.h"
#include "ekya/learner/feature_cache.h"
#include "trainee.h"

namespace ekya::learner {

/// What the frozen part says of each sample, computed at most once: later epochs run just the trained part. With a
/// cache it is looked up there first, and kept there; what is computed is then rounded to half precision at once, so
/// that a job gives the same weights whether the cache knew its samples or not.
class FrozenOutputs {
 public:
  /// `cache` may be null; without a trunk's hash it is not used.
  FrozenOutputs(const Trainee& trainee, const Batches& batches, std::shared_ptr<FeatureCache> cache,
                const std::string& trunk);

  /// rows: [n], int64. Gives [n, features].
  at::Tensor of(const at::Tensor& rows);

 private:
  std::vector<std::int64_t> unknown(const at::Tensor& rows) const;
  std::vector<std::int64_t> not_in_cache(const std::vector<std::int64_t>& rows);
  void compute(const std::vector<std::int64_t>& rows);
  void store(const std::vector<std::int64_t>& rows, const at::Tensor& outputs);
  void keep(const std::vector<std::int64_t>& rows, const at::Tensor& outputs);

  const Trainee& trainee_;
  const Batches& batches_;
  const std::shared_ptr<FeatureCache> cache_;
  const std::string trunk_;
  std::vector<bool> known_;  ///< Rows of outputs_ that are filled.
  std::size_t known_count_ = 0;
  at::Tensor outputs_;  ///< [samples, features]
};

}  // namespace ekya::learner
