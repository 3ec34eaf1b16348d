// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ekya/scheduler/assignment.h"
#include "ekya/scheduler/bound.h"
#include "ekya/scheduler/cluster_search.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/place.h"
#include "ekya/scheduler/policies.h"
#include "ekya/scheduler/timeline.h"

namespace ekya::scheduler {
namespace {

/// From so many streams a device on, devices are first planned one by one.
constexpr std::size_t kManyStreams = 4;
/// Otherwise in clusters of so many.
constexpr std::size_t kClusterSize = 4;
/// How often devices that lack capacity are then planned anew together with devices that have it.
constexpr int kPairings = 1;
/// With at most this many streams the best plan with constant shares is taken where it is better.
constexpr std::size_t kMostToCompare = 8;
/// The bound prices capacity in about so many cells of time, twice that where there are not too many streams.
constexpr std::size_t kPriceCells = 12;
constexpr std::size_t kManyToPrice = 200;
constexpr int kBoundSteps = 30;

class PhasedPlanner {
 public:
  explicit PhasedPlanner(const Problem& problem)
      : problem_(problem),
        model_(problem),
        timeline_(model_),
        assignment_(without_retraining(model_, place_streams(problem))),
        search_(model_, timeline_, assignment_, order_) {
    streams_.resize(model_.streams.size());
    devices_.resize(model_.devices.size());
    std::iota(streams_.begin(), streams_.end(), 0);
    std::iota(devices_.begin(), devices_.end(), 0);
  }

  Plan plan() {
    for (const std::vector<int>& cluster : clusters()) search_.improve(cluster);
    for (int k = 0; k < kPairings && devices_.size() > 1; ++k)
      for (const std::vector<int>& pair : pairs()) search_.improve(pair);
    return write();
  }

 private:
  std::vector<std::vector<int>> clusters() const {
    const std::size_t count = devices_.size();
    const std::size_t size = streams_.size() >= kManyStreams * count ? 1 : std::min(count, kClusterSize);
    std::vector<std::vector<int>> clusters((count + size - 1) / size);
    for (int d : devices_) clusters[d % clusters.size()].push_back(d);
    return clusters;
  }

  /// The device on which capacity is worth most with that on which it is worth least, and so on; with what streams link
  /// to them.
  std::vector<std::vector<int>> pairs() {
    timeline_.run(assignment_, streams_, devices_, order_, false);
    std::vector<int> groups = linked();
    std::vector<int> heads;
    std::vector<double> price(devices_.size(), 0), size(devices_.size(), 0);
    for (int d : devices_) {
      price[groups[d]] += timeline_.margin_s()[d];
      ++size[groups[d]];
      if (groups[d] == d) heads.push_back(d);
    }
    std::stable_sort(heads.begin(), heads.end(), [&](int a, int b) { return price[a] / size[a] > price[b] / size[b]; });
    std::vector<std::vector<int>> pairs;
    for (std::size_t k = 0; k < heads.size() / 2; ++k) {
      pairs.emplace_back();
      for (int d : devices_)
        if (groups[d] == heads[k] || groups[d] == heads[heads.size() - 1 - k]) pairs.back().push_back(d);
    }
    return pairs;
  }

  /// For each device the first of those that streams link to it.
  std::vector<int> linked() const {
    std::vector<int> head = devices_;
    for (bool changed = true; changed;) {
      changed = false;
      for (int v : streams_) {
        if (assignment_.option[v] < 0) continue;
        int &a = head[assignment_.device[v]], &b = head[assignment_.job_device[v]];
        if (a == b) continue;
        a = b = std::min(a, b);
        changed = true;
      }
    }
    return head;
  }

  Plan write() {
    std::vector<Timeline::Moment> moments;
    timeline_.run(assignment_, streams_, devices_, order_, true, &moments);
    Plan plan;
    plan.policy = "phased";
    for (int v : streams_) plan.streams.push_back(write_stream(v, moments));
    summarise(problem_, plan);
    UpperBound bound(model_, std::accumulate(assignment_.labelling.begin(), assignment_.labelling.end(), 0.0));
    plan.upper_bound = std::max(plan.mean_accuracy, bound.tighten(prices(moments), plan.mean_accuracy, kBoundSteps));
    return plan;
  }

  StreamPlan write_stream(int v, const std::vector<Timeline::Moment>& moments) const {
    const Stream& stream = problem_.streams[v];
    const WindowModel::StreamModel& model = model_.streams[v];
    StreamPlan plan;
    plan.id = stream.id;
    plan.device = problem_.devices[assignment_.device[v]].id;
    plan.labelling_share = assignment_.labelling[v];
    if (const int option = assignment_.option[v]; option >= 0) {
      plan.retraining_config = stream.retraining[model.options[option].config].id;
      plan.retraining_device = problem_.devices[assignment_.job_device[v]].id;
    }
    for (const Timeline::Moment& moment : moments) {
      const Ladder::Rung& rung = model.ladder.rungs()[moment.rung[v]];
      const Phase phase{moment.begin_s, rung.config < 0 ? "" : stream.inference[rung.config].id, rung.demand,
                        moment.job_share[v]};
      const bool same = !plan.phases.empty() && plan.phases.back().inference_config == phase.inference_config &&
                        plan.phases.back().retraining_share == phase.retraining_share;
      if (!same) plan.phases.push_back(phase);
    }
    plan.inference_config = plan.phases.front().inference_config;
    plan.inference_share = plan.phases.front().inference_share;
    plan.retraining_share = plan.phases.front().retraining_share;
    plan.expected_accuracy = std::clamp(timeline_.accuracy_s()[v] / problem_.window_s, 0.0, 1.0);
    return plan;
  }

  /// What capacity was worth in the plan, in few cells: the means of moments that follow each other. Long cells are
  /// split.
  CapacityPrices prices(const std::vector<Timeline::Moment>& moments) const {
    CapacityPrices prices;
    const auto begin = [&](std::size_t m) { return m < moments.size() ? moments[m].begin_s : model_.window_s; };
    const std::size_t cells = std::min(kPriceCells, moments.size());
    const double longest_s = streams_.size() > kManyToPrice ? model_.window_s : model_.window_s / kPriceCells;
    for (std::size_t k = 0; k < cells; ++k) {
      const std::size_t first = k * moments.size() / cells, last = (k + 1) * moments.size() / cells;
      const double length = begin(last) - begin(first);
      if (length <= 0) continue;
      double sum = 0;
      for (std::size_t m = first; m < last; ++m) sum += moments[m].price * (begin(m + 1) - begin(m));
      const int parts = static_cast<int>(std::ceil(length / longest_s));
      for (int part = 0; part < parts; ++part) {
        prices.begin_s.push_back(begin(first) + length * part / parts);
        prices.price.push_back(sum / length);
      }
    }
    return prices;
  }

  const Problem& problem_;
  WindowModel model_;
  Timeline timeline_;
  Assignment assignment_;
  std::vector<int> order_;  ///< Of the jobs' ends.
  ClusterSearch search_;
  std::vector<int> streams_, devices_;  ///< All.
};

class Phased final : public Policy {
 public:
  std::string name() const override { return "phased"; }
  Plan plan(const Problem& problem) const override {
    Plan plan = PhasedPlanner(problem).plan();
    if (problem.streams.size() > kMostToCompare) return plan;
    Plan constant = make_exact()->plan(problem);
    if (constant.floors_missed.size() > plan.floors_missed.size() || constant.mean_accuracy <= plan.mean_accuracy)
      return plan;
    constant.policy = name();
    constant.upper_bound = std::max(plan.upper_bound, constant.mean_accuracy);
    return constant;
  }
};

}  // namespace

std::unique_ptr<Policy> make_phased() { return std::make_unique<Phased>(); }

}  // namespace ekya::scheduler
