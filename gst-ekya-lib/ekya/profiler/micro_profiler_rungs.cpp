// SPDX-License-Identifier: LGPL-2.1-or-later
// What is profiled next: successive halving over families.
#include <algorithm>
#include <cmath>

#include "ekya/profiler/micro_profiler.h"

namespace ekya::profiler {
namespace {

constexpr double kSlice = 0.1;  // Of the training set.

}  // namespace

/// All families that have something to offer, cheap ones first, so that a small budget measures as many as it can. A
/// slice is a tenth of the data, or less where a round would take more than half of the first rung's budget.
void MicroProfiler::begin_rungs() {
  rung_.clear();
  position_ = 0;
  ended_rungs_ = 0;
  if (start_.samples < 1) return;
  int batch = 1;
  for (std::size_t i = 0; i < families_.size(); ++i) {
    const auto& members = families_[i].members;
    if (std::none_of(members.begin(), members.end(), [&](std::size_t m) { return offered(candidates_[m]); })) continue;
    rung_.push_back(i);
    batch = std::max(batch, longest(families_[i]).batch_size);
  }
  rungs_ = 1;
  while ((std::size_t{1} << rungs_) < rung_.size()) ++rungs_;
  int batches = std::max(1, static_cast<int>(std::ceil(kSlice * start_.samples / batch)));
  for (;; batches /= 2) {
    slice_ = batches * batch;
    if (batches == 1 || round_cost() <= start_.budget / rungs_ / 2) break;
  }
  std::stable_sort(rung_.begin(), rung_.end(), [&](std::size_t a, std::size_t b) {
    return slice_cost(families_[a], slice_) < slice_cost(families_[b], slice_);
  });
}

double MicroProfiler::round_cost() const {
  double sum = 0;
  for (const std::size_t i : rung_)
    if (const int samples = slice_samples(families_[i]); samples > 0) sum += slice_cost(families_[i], samples);
  return sum;
}

/// Not beyond one pass over the data, nor beyond the end of the family's longest config.
int MicroProfiler::slice_samples(const Family& family) const {
  const double left = std::ceil(std::min(1.0, longest(family).passes()) * start_.samples) - family.trained;
  return static_cast<int>(std::clamp(1.0 * slice_, 0.0, std::max(0.0, left)));
}

double MicroProfiler::slice_cost(const Family& family, int samples) const {
  const Seconds training = training_time(longest(family), family.trained, family.trained + samples, cached_);
  return costs_.device_seconds(training + costs_.evaluation(longest(family), start_.labels));
}

std::optional<Slice> MicroProfiler::next() const {
  if (position_ >= rung_.size()) return std::nullopt;
  const Family& family = families_[rung_[position_]];
  const int samples = slice_samples(family);
  if (spent_ + slice_cost(family, samples) > start_.budget) return std::nullopt;
  return Slice{longest(family).id, family.name, samples};
}

/// Goes on to the next family that can train on; after a round to the next one, or to the next rung where another round
/// would not fit into this one's part of the budget.
void MicroProfiler::find_next() {
  const auto exhausted = [this](std::size_t i) { return slice_samples(families_[i]) < 1; };
  while (!rung_.empty()) {
    while (position_ < rung_.size() && exhausted(rung_[position_])) ++position_;
    if (position_ < rung_.size()) return;
    position_ = 0;
    const double share = start_.budget * (ended_rungs_ + 1) / rungs_;
    if (spent_ + round_cost() > share || std::all_of(rung_.begin(), rung_.end(), exhausted)) halve();
  }
}

double MicroProfiler::best_accuracy(const Family& family) const {
  return family.curve.at(passes(longest(family), family.trained)).accuracy;
}

void MicroProfiler::halve() {
  std::stable_sort(rung_.begin(), rung_.end(), [&](std::size_t a, std::size_t b) {
    return best_accuracy(families_[a]) > best_accuracy(families_[b]);
  });
  rung_.resize((rung_.size() + 1) / 2);
  if (rung_.size() == 1) rung_.clear();  // Nobody is left to compare it with.
  ++ended_rungs_;
}

}  // namespace ekya::profiler
