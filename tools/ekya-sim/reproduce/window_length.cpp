// SPDX-License-Identifier: LGPL-2.1-or-later
// Accuracy by the length of the window, while what the cameras show drifts all the time.
#include <algorithm>
#include <cmath>
#include <utility>

#include "ekya-sim/reproduce/experiments.h"
#include "ekya-sim/reproduce/lines.h"
#include "ekya/sim/execute.h"
#include "ekya/sim/recorded_scenario.h"

namespace ekya::sim {
namespace {

constexpr double kRecordedWindow = 200;  ///< Length of a recorded window, in seconds.
constexpr double kRun = 2400;            ///< In seconds; a multiple of every window's length.
constexpr double kMostLoss = 0.22;       ///< Ekya (NSDI 2022), section 2.2: drift costs "up to 22 %".
/// Mean over the recorded cities' successive windows of (best accuracy of one − start accuracy of the next).
constexpr double kLossOfAWindow = 0.1458;

/// What a model loses by the age of the data it learnt from, in [0, kMostLoss).
class Staleness {
 public:
  double loss(double age_s) const { return kMostLoss * -std::expm1(-age_s / tau_s_); }
  /// Integral of loss() from one age to another.
  double integral(double from_s, double to_s) const {
    return kMostLoss * (to_s - from_s + tau_s_ * (std::exp(-to_s / tau_s_) - std::exp(-from_s / tau_s_)));
  }

 private:
  double tau_s_ = -kRecordedWindow / std::log(1 - kLossOfAWindow / kMostLoss);
};

/// A model, and how old the data that it learnt from are.
struct Model {
  double accuracy = 0;  ///< On its own data.
  double age_s = 0;
};

/// Notes which inference factor each stream has from when on.
class FactorNotes final : public scheduler::Policy {
 public:
  using Steps = std::vector<std::pair<double, double>>;  ///< (Begin in seconds, factor), ascending.

  FactorNotes(const scheduler::Policy& policy, double window_s) : policy_(policy), window_s_(window_s) {}
  std::string name() const override { return policy_.name(); }

  scheduler::Plan plan(const scheduler::Problem& problem) const override {
    scheduler::Plan plan = policy_.plan(problem);
    steps_.resize(plan.streams.size());
    const double now_s = window_s_ - problem.window_s;
    for (std::size_t v = 0; v < plan.streams.size(); ++v) {
      Steps& steps = steps_[v];
      while (!steps.empty() && steps.back().first >= now_s) steps.pop_back();
      steps.emplace_back(now_s, factor(problem.streams[v], plan.streams[v].inference_config));
      for (const scheduler::Phase& phase : plan.streams[v].phases)
        steps.emplace_back(now_s + phase.begin_s, factor(problem.streams[v], phase.inference_config));
    }
    return plan;
  }

  const Steps& steps(std::size_t stream) const { return steps_[stream]; }

 private:
  static double factor(const scheduler::Stream& stream, const std::string& config) {
    for (const scheduler::InferenceConfig& inference : stream.inference)
      if (inference.id == config) return inference.factor;
    return 0;
  }

  const scheduler::Policy& policy_;
  double window_s_;
  mutable std::vector<Steps> steps_;
};

/// Runs the cameras of a scenario through windows of another length.
class DriftingRun {
 public:
  DriftingRun(const Scenario& scenario, const Line& line, double window_s)
      : scenario_(scenario), line_(line), window_s_(window_s) {
    for (const ScenarioStream& stream : scenario.streams)
      models_.push_back({stream.accuracy + staleness_.loss(kRecordedWindow), kRecordedWindow});
  }

  Result<double> mean_accuracy() {
    const auto policy = scheduler::make_policy(line_.policy);
    if (!policy) return policy.error();
    for (double now_s = 0; now_s < kRun; now_s += window_s_) {
      const FactorNotes notes(**policy, window_s_);
      const scheduler::Problem problem = problem_at(now_s);
      const auto executed = execute(problem, notes);
      if (!executed) return executed.error();
      for (std::size_t v = 0; v < models_.size(); ++v)
        pass_window(models_[v], notes.steps(v), executed->retrained_at_s[v], executed->end_accuracy[v]);
    }
    return area_ / kRun / static_cast<double>(models_.size());
  }

 private:
  scheduler::Problem problem_at(double now_s) const {
    std::vector<double> accuracy;
    for (const Model& model : models_)
      accuracy.push_back(std::clamp(model.accuracy - staleness_.loss(model.age_s), 0.0, 1.0));
    scheduler::Problem problem =
        problem_of(scenario_, static_cast<std::size_t>(now_s / kRecordedWindow), accuracy, false);
    problem.window_s = window_s_;
    if (!line_.retraining)
      for (scheduler::Stream& stream : problem.streams) stream.retraining.clear();
    return problem;
  }

  void pass_window(Model& model, const FactorNotes::Steps& steps, double retrained_at_s, double new_accuracy) {
    const double change_s = std::min(retrained_at_s, window_s_);
    add_area(model, steps, 0, change_s);
    if (change_s < window_s_) {
      model = {new_accuracy, 0};  // learnt from what was labelled up to the window's begin
      add_area(model, steps, change_s, window_s_);
    }
    model.age_s += window_s_;
  }

  /// Between two times of a window at whose begin the model has its age.
  void add_area(const Model& model, const FactorNotes::Steps& steps, double from_s, double to_s) {
    for (std::size_t k = 0; k < steps.size(); ++k) {
      const double begin = std::max(from_s, steps[k].first);
      const double end = std::min(to_s, k + 1 < steps.size() ? steps[k + 1].first : window_s_);
      if (end <= begin) continue;
      area_ += steps[k].second *
               (model.accuracy * (end - begin) - staleness_.integral(model.age_s + begin, model.age_s + end));
    }
  }

  const Scenario& scenario_;
  const Line& line_;
  double window_s_;
  Staleness staleness_;
  std::vector<Model> models_;  ///< [streams].
  double area_ = 0;            ///< Accuracy, summed over the streams and integrated over time.
};

}  // namespace

Result<std::string> by_window(const Bench& bench) {
  const std::vector<Line> lines{{"phased", "phased"},
                                {"thief-wide", "thief-wide"},
                                {"thief", "thief"},
                                {"uniform", "uniform"},
                                kBestNoRetraining};
  std::vector<Panel> panels;
  for (const int gpus : {1, 2, 4})
    panels.push_back({in_gpus(gpus), [&, gpus](double x, auto seed) -> Result<std::vector<double>> {
                        DrawOptions options;
                        options.streams = 4;
                        options.devices = gpus;
                        options.seed = seed;
                        const Scenario scenario =
                            draw_scenario(bench.recorded, options, static_cast<int>(kRun / kRecordedWindow));
                        std::vector<double> values;
                        for (const Line& line : lines) {
                          const auto value = DriftingRun(scenario, line, x).mean_accuracy();
                          if (!value) return value.error();
                          values.push_back(*value);
                        }
                        return values;
                      }});
  return csv_of_sweep({10, 25, 50, 100, 200, 400, 600, 800, 1200}, lines, panels, bench.draws, bench.seed);
}

}  // namespace ekya::sim
