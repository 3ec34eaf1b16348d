// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/execute.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/throughput.h"

namespace ekya::sim {
namespace {

using scheduler::InferenceConfig;
using scheduler::Phase;
using scheduler::Plan;
using scheduler::Policy;
using scheduler::Problem;
using scheduler::RetrainingConfig;
using scheduler::Stream;
using scheduler::StreamPlan;
using scheduler::Throughput;

constexpr double kForever = std::numeric_limits<double>::infinity();
/// What is left of a job after rounding, relative to its work; and of time, relative to the window.
constexpr double kRounding = 1e-9;
/// What a policy believes is left of a job that has overrun its estimate, relative to that estimate.
constexpr double kOverrunLeft = 0.05;

bool same_shape(const Problem& a, const Problem& b) {
  const auto same_ids = [](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](auto& c, auto& d) { return c.id == d.id; });
  };
  return a.window_s == b.window_s && same_ids(a.devices, b.devices) &&
         std::equal(a.streams.begin(), a.streams.end(), b.streams.begin(), b.streams.end(),
                    [&](const Stream& x, const Stream& y) {
                      return x.id == y.id && same_ids(x.retraining, y.retraining) && same_ids(x.inference, y.inference);
                    });
}

/// One stream on its way through the window.
struct Progress {
  double accuracy = 0;                    ///< Of the live student now.
  const RetrainingConfig* job = nullptr;  ///< As it truly is; null: none has begun.
  double done_s = 0;                      ///< Device-seconds of the job that are done.
  std::string device, job_device;         ///< Where its inference and its job run; empty: nowhere yet.
  bool retrained = false;
  double area = 0;  ///< Integral of the accuracy so far, in seconds.
};

class Execution {
 public:
  Execution(const Problem& believed, const Problem& truth) : believed_(believed), truth_(truth) {
    for (const scheduler::Device& device : truth.devices) throughput_.emplace_back(device.throughput);
    for (const Stream& stream : truth.streams) {
      streams_.emplace_back();
      streams_.back().accuracy = stream.accuracy;
      streams_.back().job = config_named(stream, stream.running);
      streams_.back().device = stream.device;
      streams_.back().job_device = stream.retraining_device;
      result_.below_floor_s.push_back(0);
      result_.retrained_at_s.push_back(kForever);
    }
  }

  Result<Executed> run(const Policy& policy) {
    while (rest_s() > 0) {
      const Problem problem = problem_now();
      const Plan plan = decide(policy, problem);
      if (Status s = adopt(problem, plan); !s) return s.error();
      follow(/*replans=*/true);
    }
    return summary();
  }

  Result<Executed> run(const Plan& plan) {
    if (Status s = adopt(believed_, plan); !s) return s.error();
    follow(/*replans=*/false);
    return summary();
  }

 private:
  double rest_s() const {
    const double rest = truth_.window_s - now_s_;
    return rest > kRounding * truth_.window_s ? rest : 0;
  }

  /// What is left of the window, as the policy knows it.
  Problem problem_now() const {
    Problem problem = believed_;
    problem.window_s = rest_s();
    for (std::size_t v = 0; v < streams_.size(); ++v) {
      Stream& stream = problem.streams[v];
      const Progress& progress = streams_[v];
      stream.accuracy = progress.accuracy;
      stream.running = progress.job ? progress.job->id : "";
      stream.device = progress.device;
      stream.retraining_device = progress.job_device;
      if (progress.retrained) stream.retraining.clear();
      for (RetrainingConfig& config : stream.retraining)
        if (config.id == stream.running)
          config.work_s =
              config.work_s > progress.done_s ? config.work_s - progress.done_s : config.work_s * kOverrunLeft;
    }
    return problem;
  }

  Status adopt(const Problem& problem, const Plan& plan) {
    if (Status s = validate(problem, plan); !s)
      return Error{ErrorCode::kInternal, "a plan of policy '" + plan.policy + "' is wrong: " + s.error().message};
    if (result_.plans++ == 0) {
      result_.expected_accuracy = plan.mean_accuracy;
      result_.upper_bound = plan.upper_bound;
    }
    plan_ = &plan;
    planned_ = pessimistic(problem);
    for (std::size_t v = 0; v < streams_.size(); ++v) streams_[v].device = plan.streams[v].device;
    return {};
  }

  /// Carries out the plan from now on, to the window's end or, where `replans`, to the first event that it did not
  /// lay down or that ends a job.
  void follow(bool replans) {
    const double begin_s = now_s_;
    deliver(begin_s);
    std::vector<Phase> phases = phases_at(0);
    while (rest_s() > 0) {
      for (std::size_t v = 0; v < streams_.size(); ++v) take_up(v, phases[v]);
      advance(phases, next_event_s(begin_s, phases));
      const bool ended = end_jobs();
      deliver(begin_s);
      const std::vector<Phase> before = std::exchange(phases, phases_at(now_s_ - begin_s));
      if (replans && (ended || cuts_off_a_job(before, phases))) return;
    }
  }

  double next_event_s(double begin_s, const std::vector<Phase>& phases) const {
    double next_s = truth_.window_s;
    for (std::size_t v = 0; v < streams_.size(); ++v) {
      next_s =
          std::min({next_s, begin_s + next_change_s(plan_->streams[v], now_s_ - begin_s), end_of_job_s(v, phases[v])});
    }
    return next_s;
  }

  /// A job that has overrun its estimate when the plan takes its share away.
  bool cuts_off_a_job(const std::vector<Phase>& before, const std::vector<Phase>& phases) const {
    for (std::size_t v = 0; v < streams_.size(); ++v)
      if (streams_[v].job && before[v].retraining_share > 0 && phases[v].retraining_share <= 0) return true;
    return false;
  }

  /// Models that come from elsewhere. One that a cloud retrained is truly as good as its config.
  void deliver(double begin_s) {
    for (std::size_t v = 0; v < streams_.size(); ++v) {
      const auto& delivery = plan_->streams[v].delivery;
      if (!delivery || streams_[v].retrained || begin_s + delivery->at_s > now_s_ + tolerance_s()) continue;
      streams_[v].accuracy = true_accuracy(v, delivery->accuracy);
      streams_[v].retrained = true;
      result_.retrained_at_s[v] = now_s_;
    }
  }

  double true_accuracy(std::size_t v, double believed) const {
    const auto& configs = planned_.streams[v].retraining;
    const auto same = [&](const RetrainingConfig& config) { return config.accuracy == believed; };
    const auto config = std::find_if(configs.begin(), configs.end(), same);
    return config == configs.end() ? believed : config_named(truth_.streams[v], config->id)->accuracy;
  }

  std::vector<Phase> phases_at(double at_s) const {
    std::vector<Phase> phases;
    for (const StreamPlan& stream : plan_->streams) {
      phases.push_back({0, stream.inference_config, stream.inference_share, stream.retraining_share});
      for (const Phase& phase : stream.phases)
        if (phase.begin_s <= at_s + tolerance_s()) phases.back() = phase;
    }
    return phases;
  }

  /// When the plan changes something for the stream, since its start.
  double next_change_s(const StreamPlan& plan, double at_s) const {
    double next_s = plan.delivery && plan.delivery->at_s > at_s + tolerance_s() ? plan.delivery->at_s : kForever;
    for (const Phase& phase : plan.phases)
      if (phase.begin_s > at_s + tolerance_s()) return std::min(next_s, phase.begin_s);
    return next_s;
  }

  double tolerance_s() const { return kRounding * truth_.window_s; }

  /// Begins a job once it has a share. One that has begun stays: without a share it waits.
  void take_up(std::size_t v, const Phase& phase) {
    Progress& stream = streams_[v];
    if (stream.retrained || phase.retraining_share <= 0) return;
    const StreamPlan& plan = plan_->streams[v];
    if (!stream.job) stream.job = config_named(truth_.streams[v], plan.retraining_config);
    if (stream.job && stream.job->id == plan.retraining_config) stream.job_device = plan.retraining_device;
  }

  double speed(std::size_t v, const Phase& phase) const {
    const Progress& stream = streams_[v];
    if (!stream.job || stream.job->id != plan_->streams[v].retraining_config) return 0;
    const auto device = static_cast<std::size_t>(device_index(truth_, stream.job_device));
    return throughput_[device].speed(std::min(phase.retraining_share, stream.job->max_share));
  }

  double end_of_job_s(std::size_t v, const Phase& phase) const {
    const double reached = speed(v, phase);
    return reached > 0 ? now_s_ + (streams_[v].job->work_s - streams_[v].done_s) / reached : kForever;
  }

  void advance(const std::vector<Phase>& phases, double until_s) {
    const double passed_s = until_s - now_s_;
    for (std::size_t v = 0; v < streams_.size(); ++v) {
      Progress& stream = streams_[v];
      const double accuracy = stream.accuracy * factor(truth_.streams[v], phases[v].inference_config);
      stream.area += accuracy * passed_s;
      if (accuracy < floor_of(truth_, truth_.streams[v]) - scheduler::kShareTolerance)
        result_.below_floor_s[v] += passed_s;
      stream.done_s += speed(v, phases[v]) * passed_s;
    }
    now_s_ = until_s;
  }

  static double factor(const Stream& stream, const std::string& config) {
    if (stream.inference.empty()) return 1;
    const InferenceConfig* inference = inference_named(stream, config);
    return inference ? inference->factor : 0;
  }

  bool end_jobs() {
    bool any = false;
    for (std::size_t v = 0; v < streams_.size(); ++v) {
      Progress& stream = streams_[v];
      if (!stream.job || stream.done_s < stream.job->work_s * (1 - kRounding)) continue;
      stream.accuracy = stream.job->accuracy;
      stream.job = nullptr;
      stream.job_device.clear();
      stream.retrained = true;
      result_.retrained_at_s[v] = now_s_;
      any = true;
    }
    return any;
  }

  Executed summary() {
    double sum = 0, weights = 0;
    for (std::size_t v = 0; v < streams_.size(); ++v) {
      result_.accuracy.push_back(streams_[v].area / truth_.window_s);
      result_.end_accuracy.push_back(streams_[v].accuracy);
      sum += truth_.streams[v].weight * result_.accuracy[v];
      weights += truth_.streams[v].weight;
    }
    result_.mean_accuracy = weights > 0 ? sum / weights : 0;
    return result_;
  }

  const Problem& believed_;
  const Problem& truth_;
  std::vector<Throughput> throughput_;  ///< [devices].
  std::vector<Progress> streams_;
  const Plan* plan_ = nullptr;  ///< In force.
  Problem planned_;             ///< What it was made for.
  double now_s_ = 0;
  Executed result_;
};

}  // namespace

Result<Executed> execute(const Problem& believed, const Problem& truth, const Policy& policy) {
  if (Status s = validate(believed); !s) return s.error();
  if (Status s = validate(truth); !s) return s.error();
  if (!same_shape(believed, truth))
    return Error{ErrorCode::kInvalidArgument, "the believed and the true problem differ in more than numbers"};
  return Execution(believed, truth).run(policy);
}

Result<Executed> execute_plan(const Problem& truth, const Plan& plan) {
  if (Status s = validate(truth); !s) return s.error();
  return Execution(truth, truth).run(plan);
}

}  // namespace ekya::sim
