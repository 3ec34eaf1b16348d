// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <map>
#include <string>

#include "ekya/base/clock.h"
#include "ekya/profiler/candidate.h"

namespace ekya::profiler {

/// What training costs on this device under the share that it has, from measured times alone: 0 where nothing was
/// measured yet. A time that is not finite, not positive or above an hour is left out, as is a count below one; all
/// that comes out is finite. Not thread-safe.
class CostModel {
 public:
  /// slots: threads that make up the whole device; a job runs on one of them.
  explicit CostModel(int slots);

  // What was measured. Newer figures count half, those of training steps a tenth.
  void record_forward(Seconds one_sample);
  /// fresh: the samples' trunk features had to be computed. Only families with a frozen trunk tell the two apart.
  void record_training(const Candidate& candidate, bool fresh, int samples, Seconds took);
  void record_evaluation(const Candidate& candidate, int labels, Seconds took);
  /// Of a job as a whole: reading the training set, making the model.
  void record_overhead(Seconds took);

  /// Of training on one sample: the family's own, else that of families that train the same layers, else from the time
  /// of a forward pass, of which a sample costs 1 (frozen trunk) or 3 (all layers).
  Seconds sample(const Candidate& candidate, bool fresh) const;
  /// Of measuring the accuracy on so many labels: as families that train the same layers do, which is where it differs
  /// whether the labels' trunk features are there; else a forward pass each.
  Seconds evaluation(const Candidate& candidate, int labels) const;
  Seconds overhead() const { return Seconds{overhead_s_}; }

  /// Device-seconds at share 1 of so much work of one thread, in [0.001, 1e6].
  double device_seconds(Seconds thread) const;

 private:
  using Pair = std::array<double, 2>;  ///< Of a fresh sample and of one whose features are there; 0: not measured.

  int slots_;
  double forward_s_ = 0, overhead_s_ = 0;
  std::map<std::string, Pair> families_;
  std::array<Pair, 2> layers_{};          ///< All layers, frozen trunk.
  std::array<double, 2> evaluation_s_{};  ///< Of a label.
};

}  // namespace ekya::profiler
