// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/shared_window.h"

#include <algorithm>
#include <limits>

namespace ekya::scheduler {
namespace {

/// Jobs that end within this fraction of the window of each other end together.
constexpr double kTogether = 1e-12;

}  // namespace

SharedWindow::SharedWindow(const Problem& problem) : problem_(problem), window_(problem) {
  for (const Stream& stream : problem.streams) {
    factors_.emplace_back(stream);
    floors_.push_back(reachable_floor(stream, floor_of(problem, stream)));
    inferences_ += stream.inference.empty() ? 0 : 1;
  }
}

Worth SharedWindow::run(const std::vector<Start>& starts) {
  find_ends(starts);
  Worth worth;
  for (std::size_t v = 0; v < starts.size(); ++v) {
    const Stream& stream = problem_.streams[v];
    worth.accuracy += stream.weight * accuracy(v, starts[v]);
    const double at_once = stream.accuracy * factors_[v].at(starts[v].inference_share).factor;
    worth.shortfall += std::max(0.0, floors_[v] - at_once);
  }
  return worth;
}

void SharedWindow::find_ends(const std::vector<Start>& starts) {
  moments_.assign(1, Moment{});
  ends_s_.assign(starts.size(), window_.window_s);
  trainings_.clear();
  for (std::size_t v = 0; v < starts.size(); ++v)
    if (starts[v].retraining && starts[v].retraining_share > 0)
      trainings_.push_back({v, starts[v].retraining_share, starts[v].retraining->work_s, 0});
  for (double now = 0; !trainings_.empty();) {
    for (Training& job : trainings_) {
      const double share = job.share + moments_.back().extra_share;
      job.speed = window_.throughput.speed(std::min(share, starts[job.stream].retraining->max_share));
    }
    const double step_s = next_end();
    if (!(now + step_s < window_.window_s)) return;
    now += step_s;
    const double freed = end_jobs(now, step_s);
    const std::size_t heirs = inferences_ + trainings_.size();
    moments_.push_back({now, moments_.back().extra_share + (heirs > 0 ? freed / static_cast<double>(heirs) : 0)});
  }
}

double SharedWindow::next_end() const {
  double soonest_s = std::numeric_limits<double>::infinity();
  for (const Training& job : trainings_) soonest_s = std::min(soonest_s, job.left_s / job.speed);
  return soonest_s;
}

double SharedWindow::end_jobs(double now, double step_s) {
  double freed = 0;
  const auto ended = [&](Training& job) {
    const bool ends = job.left_s / job.speed <= step_s + kTogether * window_.window_s;
    job.left_s -= step_s * job.speed;
    if (!ends) return false;
    freed += job.share + moments_.back().extra_share;
    ends_s_[job.stream] = now;
    return true;
  };
  trainings_.erase(std::remove_if(trainings_.begin(), trainings_.end(), ended), trainings_.end());
  return freed;
}

double SharedWindow::accuracy(std::size_t stream, const Start& start) const {
  double sum = 0;
  for (std::size_t m = 0; m < moments_.size(); ++m) {
    const double end_s = m + 1 < moments_.size() ? moments_[m + 1].begin_s : window_.window_s;
    const bool retrained = moments_[m].begin_s >= ends_s_[stream];
    const double model = retrained ? start.retraining->accuracy : problem_.streams[stream].accuracy;
    const double share = start.inference_share + moments_[m].extra_share;
    sum += model * factors_[stream].at(share).factor * (end_s - moments_[m].begin_s);
  }
  return sum / window_.window_s;
}

std::vector<StreamPlan> SharedWindow::plans(const std::vector<Start>& starts,
                                            const std::vector<double>& labelling) const {
  std::vector<StreamPlan> plans;
  for (std::size_t v = 0; v < starts.size(); ++v) plans.push_back(plan(v, starts[v], labelling[v]));
  return plans;
}

StreamPlan SharedWindow::plan(std::size_t v, const Start& start, double labelling_share) const {
  const Stream& stream = problem_.streams[v];
  const bool retrains = ends_s_[v] < window_.window_s;
  StreamPlan plan;
  plan.id = stream.id;
  plan.device = problem_.devices.front().id;
  plan.labelling_share = labelling_share;
  plan.expected_accuracy = std::clamp(accuracy(v, start), 0.0, 1.0);
  if (retrains) {
    plan.retraining_config = start.retraining->id;
    plan.retraining_device = plan.device;
  }
  for (const Moment& moment : moments_) {
    const double inference = stream.inference.empty() ? 0 : start.inference_share + moment.extra_share;
    const bool runs = retrains && moment.begin_s < ends_s_[v];
    const double retraining =
        runs ? std::min(start.retraining_share + moment.extra_share, start.retraining->max_share) : 0;
    const InferenceConfig* config = factors_[v].at(inference).config;
    plan.phases.push_back({moment.begin_s, config ? config->id : "", inference, retraining});
  }
  plan.inference_config = plan.phases.front().inference_config;
  plan.inference_share = plan.phases.front().inference_share;
  plan.retraining_share = plan.phases.front().retraining_share;
  if (plan.phases.size() == 1) plan.phases.clear();
  return plan;
}

}  // namespace ekya::scheduler
