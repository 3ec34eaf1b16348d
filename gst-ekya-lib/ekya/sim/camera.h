// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ekya/scheduler/controller.h"
#include "ekya/sim/scenario.h"

namespace ekya::sim {

/// One stream of a simulation: its live model, its job, what is known of them, and its clients of the controller. It
/// knows no clock; the simulation says what happens when.
class Camera {
 public:
  explicit Camera(const ScenarioStream& stream);

  /// Requests of its clients at the start: inference, labelling where wanted, retraining.
  std::vector<scheduler::ShareRequest> join() const;
  /// The controller told a client its share.
  void hear(const scheduler::ShareGrant& grant);

  /// A scene begins: drift hits the live model and the job that learns from before, and labels of before are old where
  /// the scene brings new ones.
  void begin_scene(std::size_t scene);
  /// Labels of the current scene show the live model's accuracy and allow to retrain once.
  void labels_arrive();
  /// A model answers from now on.
  void swap(double accuracy);
  /// A model from elsewhere, of the config with that id or, where empty, of that accuracy.
  double delivered_accuracy(const std::string& config, double accuracy) const;
  void use_up_labels() { offered_ = nullptr; }

  /// Starts the granted job if there is none; true if it did.
  bool start_granted_job();
  bool has_job() const { return job_.has_value(); }
  /// Device-seconds of the job that are still to do until something is to be told: its true cost or its end.
  double work_to_next_news_s() const;
  void work(double seconds_of_work);
  /// Takes the finished job; its model's accuracy. Empty: it is not finished.
  std::optional<double> finish_job();
  /// Whether the job has just shown that its estimate is off by more than 10 %.
  bool notice_true_work();

  /// What the retraining client asks for now.
  scheduler::ShareRequest request(std::string reason) const;

  double accuracy() const;  ///< Of the live model times the granted inference config's factor.
  const scheduler::ShareGrant& inference() const { return inference_; }
  const scheduler::ShareGrant& labelling() const { return labelling_; }
  const scheduler::ShareGrant& retraining() const { return retraining_; }
  /// Of the share that the job gets, what it can use; 0 without one.
  double job_share() const;
  const ScenarioStream& stream() const { return stream_; }

 private:
  struct Job {
    TrueConfig config;
    double done_s = 0;
    bool work_known = false;  ///< The planner has been told the true work.
  };

  const Scene& scene() const { return stream_.scenes[scene_]; }
  scheduler::ClientKey key(scheduler::ClientKind kind) const;

  const ScenarioStream& stream_;
  std::size_t scene_ = 0;
  double live_ = 0;                 ///< True accuracy of the live model.
  std::optional<double> known_;     ///< What the clients know of it.
  const Scene* offered_ = nullptr;  ///< Whose configs may be chosen; null: there are no fresh labels.
  std::optional<Job> job_;
  scheduler::ShareGrant inference_, labelling_, retraining_;
};

}  // namespace ekya::sim
