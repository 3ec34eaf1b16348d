// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "ekya/base/clock.h"
#include "ekya/learner/training_config.h"

namespace ekya::learner {

/// Id of the first job of a stream, which only measures: few steps of each kind. No config may be called so.
inline constexpr const char* kProbeConfig = "probe";
/// Crops that the probe trains on, once.
inline constexpr int kProbeSamples = 96;

/// What a retraining will cost and bring, from what was measured on this device and in this scene. Whatever is fed in
/// (zero, negative, NaN, huge), what comes out is finite and within its range. Not thread-safe.
/// Source: docs/algorithms/retraining.md.
class Estimator {
 public:
  static constexpr double kCeiling = 0.99;  ///< No estimate promises more.

  /// slots: threads that make up the whole device; a job runs on one of them.
  explicit Estimator(int slots);

  // What was measured. A time that is not finite, not positive or above an hour is left out.
  void record_forward(Seconds one_crop);
  /// first_epoch: the step was one of the first epoch, in which a frozen trunk's features are computed.
  void record_step(const TrainingConfig& config, bool first_epoch, Seconds step);
  void record_overhead(Seconds loading_and_evaluating);
  /// A probe of these layers took the accuracy on held-back labels from `before` to `after`.
  void record_probe(TrainedLayers layers, double before, double after);
  /// A job of this config reached `accuracy` on held-back labels.
  void record_result(const std::string& config, double accuracy);
  /// A job of this config failed or diverged: it promises nothing for two windows, doubling with each failure.
  void penalise(const std::string& config);
  void new_window();

  bool probed() const { return probed_; }
  /// Of the first epoch and of later ones; 0: nothing was measured yet.
  Seconds step_time(const TrainingConfig& config, bool first_epoch) const;

  /// Device-seconds at share 1 for the last `left` of `steps` steps and what comes with them; > 0.
  double work(const TrainingConfig& config, int steps, int left) const;
  double probe_work() const;

  /// Expected accuracy after a job on `samples` crops, in [live, kCeiling] (live itself where that is above).
  double accuracy(const TrainingConfig& config, double live, int samples) const;
  double probe_accuracy(double live) const;

 private:
  struct Record {
    std::array<double, 2> step_s{};  ///< Mean in the first epoch and later, 0: not measured.
    std::optional<double> reached;   ///< Accuracy after earlier jobs, newer ones count more.
    int idle_windows = 0;            ///< Since `reached` was measured.
    int failures = 0;
    int suspended = 0;  ///< Windows for which it promises nothing.
  };
  struct Layers {
    std::array<double, 2> crop_s{};  ///< Time of one crop in the first epoch and later, 0: not measured.
    double removed = 0;              ///< Part of the error that the probe removed, in [0, 1].
  };
  Layers& layers(TrainedLayers which) { return layers_[which == TrainedLayers::kAll]; }
  const Layers& layers(TrainedLayers which) const { return layers_[which == TrainedLayers::kAll]; }

  double device_seconds(double thread_seconds) const;

  int slots_;
  bool probed_ = false;
  double forward_s_ = 0, overhead_s_ = 0;
  std::array<Layers, 2> layers_;
  std::map<std::string, Record> records_;
};

}  // namespace ekya::learner
