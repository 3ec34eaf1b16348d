// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/mmd.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "ekya/base/random.h"

namespace ekya::drift {
namespace {

constexpr std::size_t kMostSamples = 2000;

/// Symmetric, with zeros on the diagonal.
class Pairs {
 public:
  explicit Pairs(std::size_t count) : count_(count), values_(count * count) {}
  std::size_t count() const { return count_; }
  double at(std::size_t i, std::size_t j) const { return values_[i * count_ + j]; }
  void set(std::size_t i, std::size_t j, double value) {
    values_[i * count_ + j] = values_[j * count_ + i] = static_cast<float>(value);
  }

 private:
  std::size_t count_;
  std::vector<float> values_;
};

Pairs squared_distances(std::span<const float> a, std::span<const float> b, std::size_t dimension) {
  const std::size_t in_a = a.size() / dimension, count = in_a + b.size() / dimension;
  const auto row = [&](std::size_t i) {
    return i < in_a ? a.data() + i * dimension : b.data() + (i - in_a) * dimension;
  };
  Pairs pairs(count);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = i + 1; j < count; ++j) {
      const float *x = row(i), *y = row(j);
      double sum = 0;
      for (std::size_t k = 0; k < dimension; ++k) sum += double{x[k] - y[k]} * double{x[k] - y[k]};
      pairs.set(i, j, sum);
    }
  return pairs;
}

double median_distance(const Pairs& squared) {
  std::vector<float> all;
  all.reserve(squared.count() * (squared.count() - 1) / 2);
  for (std::size_t i = 0; i < squared.count(); ++i)
    for (std::size_t j = i + 1; j < squared.count(); ++j)
      if (squared.at(i, j) > 0) all.push_back(static_cast<float>(squared.at(i, j)));
  if (all.empty()) return 0;
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return std::sqrt(double{*middle});
}

/// The statistic of a split of the kernel's samples: only sums over the pairs of the first part change with it.
class Statistic {
 public:
  explicit Statistic(const Pairs& kernel) : kernel_(kernel), rows_(kernel.count()) {
    for (std::size_t i = 0; i < kernel.count(); ++i)
      for (std::size_t j = 0; j < kernel.count(); ++j) rows_[i] += kernel.at(i, j);
    total_ = std::accumulate(rows_.begin(), rows_.end(), 0.0);
  }

  /// `part`: indices of one set; the others are the other set.
  double operator()(std::span<const std::size_t> part) const {
    double within = 0, of_rows = 0;
    for (const std::size_t i : part) {
      of_rows += rows_[i];
      for (const std::size_t j : part) within += kernel_.at(i, j);
    }
    const double m = static_cast<double>(part.size()), n = static_cast<double>(rows_.size()) - m;
    const double across = of_rows - within, others = total_ - within - 2 * across;
    return within / (m * (m - 1)) + others / (n * (n - 1)) - 2 * across / (m * n);
  }

 private:
  const Pairs& kernel_;
  std::vector<double> rows_;
  double total_ = 0;
};

double p_value(const Statistic& statistic, double observed, std::size_t count, std::size_t part,
               const MmdOptions& options) {
  constexpr double kRounding = 1e-12;
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(options.seed);
  int as_large = 1;  // The observed split is one of them.
  for (int p = 0; p < options.permutations; ++p) {
    for (std::size_t i = 0; i < part; ++i)
      std::swap(order[i], order[i + static_cast<std::size_t>(random.below(static_cast<int>(count - i)))]);
    if (statistic({order.data(), part}) >= observed - kRounding) ++as_large;
  }
  return static_cast<double>(as_large) / (options.permutations + 1);
}

Status check(std::span<const float> samples, const char* which, std::size_t dimension) {
  const auto wrong = [&](const std::string& what) {
    return Error{ErrorCode::kInvalidArgument, std::string("the ") + which + " features: " + what};
  };
  if (samples.size() % dimension != 0) return wrong(std::to_string(samples.size()) + " numbers are no whole samples");
  const std::size_t count = samples.size() / dimension;
  if (count < 2 || count > kMostSamples) return wrong(std::to_string(count) + " samples; 2 to 2000 are needed");
  for (const float value : samples)
    if (!std::isfinite(value)) return wrong("a number is not finite");
  return {};
}

}  // namespace

Result<MmdResult> mmd_test(std::span<const float> reference, std::span<const float> recent, int dimension,
                           const MmdOptions& options) {
  if (dimension < 1 || options.permutations < 1 || !(options.significance > 0 && options.significance < 1))
    return Error{ErrorCode::kInvalidArgument, "the dimension, permutations or significance is out of range"};
  const auto width = static_cast<std::size_t>(dimension);
  if (Status ok = check(reference, "reference", width); !ok) return ok.error();
  if (Status ok = check(recent, "recent", width); !ok) return ok.error();
  Pairs pairs = squared_distances(reference, recent, width);
  MmdResult result;
  result.bandwidth = median_distance(pairs);
  if (result.bandwidth <= 0) return result;
  for (std::size_t i = 0; i < pairs.count(); ++i)
    for (std::size_t j = i + 1; j < pairs.count(); ++j)
      pairs.set(i, j, std::exp(-pairs.at(i, j) / (2 * result.bandwidth * result.bandwidth)));
  // The smaller set is the cheaper one to sum over.
  const std::size_t m = reference.size() / width, n = recent.size() / width, part = std::min(m, n);
  std::vector<std::size_t> smaller(part);
  std::iota(smaller.begin(), smaller.end(), m <= n ? std::size_t{0} : m);
  const Statistic statistic(pairs);
  result.mmd2 = statistic(smaller);
  result.p_value = p_value(statistic, result.mmd2, m + n, part, options);
  result.drift = result.p_value <= options.significance;
  return result;
}

}  // namespace ekya::drift
