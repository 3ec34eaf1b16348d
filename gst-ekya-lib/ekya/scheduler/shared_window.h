// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/factor_steps.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/worth.h"

namespace ekya::scheduler {

/// What one stream holds when the window opens.
struct Start {
  double inference_share = 0;   ///< In devices.
  double retraining_share = 0;  ///< In devices. A job that starts with 0 never runs.
  const RetrainingConfig* retraining = nullptr;
};

/// One device's window in which the share of a job that ends is split equally over the inference of all streams and all
/// jobs that still run. Event by event, with exact times. The problem must outlive it.
/// Cost of a run: O(ends · streams · log inference configs).
/// Source: the public code of Ekya, thief_sco_scheduler and what it calls; the score is "P_ct" of the recorded
/// examples.
class SharedWindow {
 public:
  /// `problem` has one device.
  explicit SharedWindow(const Problem& problem);

  /// What the starts, one a stream, are worth.
  Worth run(const std::vector<Start>& starts);

  /// Writes the last run as plans, with a phase for each end. A job that does not end within the window is left out.
  std::vector<StreamPlan> plans(const std::vector<Start>& starts, const std::vector<double>& labelling) const;

 private:
  /// From a time on every inference and every running job holds this much more than at the start.
  struct Moment {
    double begin_s = 0;
    double extra_share = 0;
  };
  /// A job that has begun and not ended.
  struct Training {
    std::size_t stream;
    double share = 0;  ///< At the start.
    double left_s = 0;
    double speed = 0;
  };

  void find_ends(const std::vector<Start>& starts);
  /// Seconds until the next job ends.
  double next_end() const;
  /// Takes what `step_s` does to all jobs, removes those that have ended at `now` and returns their shares.
  double end_jobs(double now, double step_s);
  double accuracy(std::size_t stream, const Start& start) const;
  StreamPlan plan(std::size_t stream, const Start& start, double labelling_share) const;

  const Problem& problem_;
  DeviceWindow window_;
  std::vector<FactorSteps> factors_;  ///< [streams].
  std::vector<double> floors_;        ///< [streams], reachable_floor().
  std::size_t inferences_ = 0;        ///< Streams with inference.
  std::vector<Moment> moments_;       ///< Of the last run; the first begins at 0.
  std::vector<double> ends_s_;        ///< [streams] of the last run; the window's length: not within it.
  std::vector<Training> trainings_;   ///< Scratch of a run.
};

}  // namespace ekya::scheduler
