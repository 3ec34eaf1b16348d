// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cmath>

#include "ekya/scheduler/allocate.h"
#include "ekya/scheduler/check.h"
#include "ekya/scheduler/device_policy.h"
#include "ekya/scheduler/estimate.h"
#include "ekya/scheduler/factor_steps.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policies.h"

namespace ekya::scheduler {
namespace {

/// How a stream divides its share, and what that is worth.
struct Split {
  double inference = 0;   ///< In devices.
  double retraining = 0;  ///< In devices.
  const RetrainingConfig* config = nullptr;
  double value = -1;
};

/// The splits of one stream. Streams meet only in the budget, so each can be looked at by itself.
class StreamSplits {
 public:
  /// `weight` is the stream's part of all weights, `remainder` less than a quantum.
  StreamSplits(const DeviceWindow& window, const Stream& stream, double quantum, int budget, double remainder,
               double weight)
      : window_(window),
        stream_(stream),
        quantum_(quantum),
        remainder_(remainder),
        weight_(weight),
        floor_(stream.min_accuracy.value_or(window.min_accuracy)),
        steps_(stream),
        useful_(useful_configs(stream)),
        levels_(levels(budget, 0)),
        levels_with_remainder_(levels(budget, remainder)) {}

  Split best(int quanta) const { return best(quanta, levels_, 0, 0); }

  /// The same with the remainder on top.
  Split best_with_remainder(int quanta) const {
    const Split inference = best(quanta, levels_with_remainder_, remainder_, 0);
    const Split retraining = best(quanta, levels_, 0, remainder_);
    return retraining.value > inference.value ? retraining : inference;
  }

 private:
  /// A floor that is met is worth more than all accuracy, which is at most 1 over all streams.
  static constexpr double kFloor = 2;

  /// Quanta from which on inference is better than with one less.
  std::vector<int> levels(int budget, double extra) const {
    std::vector<int> levels{0};
    for (int k = 1; k <= budget; ++k)
      if (steps_.at(k * quantum_ + extra).factor > steps_.at((k - 1) * quantum_ + extra).factor) levels.push_back(k);
    return levels;
  }

  /// The best of all splits, without trying all: of a level of inference only its first quanta count, since the job
  /// makes something of more; what the job cannot use goes to inference. One of the two holds something extra.
  Split best(int quanta, const std::vector<int>& levels, double extra_inference, double extra_retraining) const {
    Split best;
    consider(quanta * quantum_ + extra_inference, 0, nullptr, best);
    for (const RetrainingConfig* config : useful_) {
      const double most = std::max(0.0, (config->max_share - extra_retraining) / quantum_);
      for (int level : levels) {
        if (level > quanta) break;
        for (const double usable : {std::floor(most), std::ceil(most)}) {
          const double used = std::min<double>(quanta - level, usable);
          consider((quanta - used) * quantum_ + extra_inference, used * quantum_ + extra_retraining, config, best);
          if (usable >= quanta - level) break;
        }
      }
    }
    return best;
  }

  void consider(double inference, double retraining, const RetrainingConfig* config, Split& best) const {
    const double during = steps_.at(inference).factor;
    double speed = 0, after = during;
    if (config) {
      const double share = std::min(retraining, config->max_share);
      speed = window_.throughput.speed(share);
      after = steps_.at(inference + share).factor;
    }
    const double accuracy = window_accuracy(window_.window_s, stream_.accuracy, config, speed, during, after);
    const bool met = stream_.accuracy * during >= floor_ - kShareTolerance;
    const double value = (met ? kFloor : 0) + weight_ * accuracy;
    if (value > best.value) best = {inference, retraining, config, value};
  }

  const DeviceWindow& window_;
  const Stream& stream_;
  double quantum_;    ///< In devices.
  double remainder_;  ///< In devices.
  double weight_;
  double floor_;
  FactorSteps steps_;
  std::vector<const RetrainingConfig*> useful_;
  std::vector<int> levels_;
  std::vector<int> levels_with_remainder_;
};

class Knapsack {
 public:
  explicit Knapsack(const Problem& problem)
      : problem_(problem), window_(problem), labelling_(labelling_shares(problem)) {
    const double capacity = capacity_left(problem, labelling_);
    const double quantum = quantum_of(problem);
    budget_ = static_cast<int>(std::floor(capacity / quantum + kShareTolerance));
    remainder_ = std::max(0.0, capacity - budget_ * quantum);
    double weights = 0;
    for (const Stream& stream : problem.streams) weights += stream.weight;
    for (const Stream& stream : problem.streams)
      splits_.emplace_back(window_, stream, quantum, budget_, remainder_, stream.weight / weights);
  }

  Plan plan() const {
    const ValueTable table = values([](const StreamSplits& splits, int k) { return splits.best(k).value; });
    if (remainder_ <= kShareTolerance) return plan(allocate_exact(table));
    const ValueTable with_remainder =
        values([](const StreamSplits& splits, int k) { return splits.best_with_remainder(k).value; });
    return plan(allocate_exact(table, &with_remainder));
  }

 private:
  /// More is never worse; the greatest so far keeps rounding from saying so.
  template <typename Value>
  ValueTable values(const Value& value) const {
    ValueTable table(splits_.size(), budget_);
    for (std::size_t v = 0; v < splits_.size(); ++v) {
      double* row = table.row(v);
      for (int k = 0; k <= budget_; ++k) row[k] = std::max(value(splits_[v], k), k > 0 ? row[k - 1] : 0);
    }
    return table;
  }

  Plan plan(const Allocation& allocation) const {
    Plan plan;
    for (std::size_t v = 0; v < splits_.size(); ++v) {
      const Stream& stream = problem_.streams[v];
      const int quanta = allocation.quanta[v];
      const bool more = allocation.remainder_to == static_cast<int>(v);
      const Split split = more ? splits_[v].best_with_remainder(quanta) : splits_[v].best(quanta);
      const double inference = stream.inference.empty() ? 0 : split.inference;
      const Choice choice = estimate_choice(window_, stream, inference, split.retraining, split.config);
      plan.streams.push_back(
          stream_plan(problem_, window_, stream, choice, inference, labelling_[v], split.retraining));
    }
    return plan;
  }

  const Problem& problem_;
  DeviceWindow window_;
  std::vector<double> labelling_;  ///< [streams], in devices.
  int budget_ = 0;                 ///< In quanta.
  double remainder_ = 0;           ///< Of the capacity, less than a quantum, in devices.
  std::vector<StreamSplits> splits_;
};

class Exact final : public DevicePolicy {
 public:
  std::string name() const override { return "exact"; }

 private:
  Plan plan_device(const Problem& problem) const override { return Knapsack(problem).plan(); }
};

}  // namespace

std::unique_ptr<Policy> make_exact() { return std::make_unique<Exact>(); }

}  // namespace ekya::scheduler
