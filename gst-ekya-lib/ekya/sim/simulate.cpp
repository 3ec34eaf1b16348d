// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/simulate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/options.h"
#include "ekya/scheduler/throughput.h"
#include "ekya/scheduler/trace_line.h"
#include "ekya/sim/camera.h"

namespace ekya::sim {
namespace {

using scheduler::Controller;
using scheduler::ControllerOptions;
using scheduler::PlanMade;
using scheduler::ShareGrant;
using scheduler::ShareRequest;
using scheduler::Throughput;
using scheduler::WindowClosed;
using scheduler::WindowOpened;

/// Times closer than this, relative to a window, are one moment.
constexpr double kRounding = 1e-9;
/// More exchanges than this in one moment would be an endless argument between clients and controller.
constexpr int kMostExchanges = 1000;
/// A smaller drop is no drift, as for ekyaretrain.
constexpr double kDrift = 0.1;

/// Something that will happen to a stream. Of one moment, in the order of the kinds.
struct Happening {
  enum class Kind { kScene, kModel, kDelivery, kLabels };
  double at_s = 0;
  Kind kind = Kind::kScene;
  std::size_t stream = 0;
  std::size_t scene = 0;  ///< That begins, or that the labels are of.
  double accuracy = 0;    ///< Of the model that comes.

  auto operator<=>(const Happening&) const = default;
};

ControllerOptions controller_options(const Scenario& scenario, const std::string& policy) {
  ControllerOptions options;
  options.policy = policy;
  options.window = Seconds{scenario.window_s};
  options.settle = Seconds{0};
  options.quantum = scenario.quantum;
  options.min_accuracy = scenario.min_accuracy;
  options.kappa = scenario.kappa;
  options.devices = scenario.devices;
  options.cloud = scenario.cloud;
  return options;
}

class Simulation {
 public:
  Simulation(const Scenario& scenario, const std::string& policy, const std::function<void(const std::string&)>& trace)
      : scenario_(scenario), trace_(trace), controller_(controller_options(scenario, policy)) {
    for (const scheduler::Device& device : scenario.devices) throughput_.emplace_back(device.throughput);
    for (const ScenarioStream& stream : scenario.streams) {
      index_[stream.id] = cameras_.size();
      cameras_.emplace_back(stream);
      result_.ids.push_back(stream.id);
    }
    result_.windows.assign(static_cast<std::size_t>(scenario.windows), std::vector<StreamResult>(cameras_.size()));
    delivered_in_.assign(cameras_.size(), 0);
  }

  Result<Simulated> run() {
    const double end_s = scenario_.window_s * scenario_.windows;
    for (std::size_t v = 0; v < cameras_.size(); ++v) lay_down_scenes(v);
    exchange();
    for (const Camera& camera : cameras_)
      for (const ShareRequest& request : camera.join())
        if (Status s = ask(request); !s) return s.error();
    while (now_s_ < end_s) {
      if (Status s = serve_the_moment(); !s) return s.error();
      advance(std::min(next_s(), end_s));
    }
    exchange();  // closes the last window
    leave();
    summarise();
    return std::move(result_);
  }

 private:
  using Kind = Happening::Kind;

  double tolerance_s() const { return kRounding * scenario_.window_s; }
  bool is_due(double at_s) const { return at_s <= now_s_ + tolerance_s(); }
  std::size_t window() const {
    const auto window = static_cast<std::size_t>((now_s_ + tolerance_s()) / scenario_.window_s);
    return std::min(window, result_.windows.size() - 1);
  }

  /// Begins the first scene and notes the others. Of labels that come after the next scene has begun nobody learns.
  void lay_down_scenes(std::size_t stream) {
    const std::vector<Scene>& scenes = scenario_.streams[stream].scenes;
    cameras_[stream].begin_scene(0);
    if (scenario_.label_delay_s == 0) cameras_[stream].labels_arrive();
    for (std::size_t k = 0; k < scenes.size(); ++k) {
      if (k > 0) happenings_.insert({scenes[k].begin_s, Kind::kScene, stream, k});
      const double seen_s = scenes[k].begin_s + scenario_.label_delay_s;
      if (seen_s > 0 && (k + 1 == scenes.size() || seen_s < scenes[k + 1].begin_s))
        happenings_.insert({seen_s, Kind::kLabels, stream, k});
    }
  }

  /// Lets everything of this moment happen, until nobody has anything more to say.
  Status serve_the_moment() {
    for (int i = 0; i < kMostExchanges; ++i) {
      exchange();  // The controller opens a window before anybody speaks in it.
      auto spoke = end_jobs();
      if (spoke) spoke = happen_all(*spoke);
      if (spoke && !*spoke) spoke = start_jobs();
      if (!spoke) return spoke.error();
      if (!*spoke) return check_capacity();
    }
    return Error{ErrorCode::kInternal, "clients and controller talk without end" + moment()};
  }

  /// What is due; whether anybody has spoken, here or `before`.
  Result<bool> happen_all(bool before) {
    bool spoke = before;
    while (!happenings_.empty() && is_due(happenings_.begin()->at_s)) {
      const Happening happening = *happenings_.begin();
      happenings_.erase(happenings_.begin());
      if (Status s = happen(happening); !s) return s.error();
      spoke = true;
    }
    return spoke;
  }

  Status happen(const Happening& happening) {
    Camera& camera = cameras_[happening.stream];
    switch (happening.kind) {
      case Kind::kScene:
        camera.begin_scene(happening.scene);
        return ask(camera.request(reason_of_scene()));
      case Kind::kDelivery:
        camera.use_up_labels();
        [[fallthrough]];
      case Kind::kModel:
        camera.swap(happening.accuracy);
        return ask(camera.request("update"));
      case Kind::kLabels:
        camera.labels_arrive();
        return ask(camera.request(is_drift(happening) ? "drift" : "update"));
    }
    return {};
  }

  std::string reason_of_scene() const {
    const double since_s = now_s_ - scenario_.window_s * static_cast<double>(window());
    return std::abs(since_s) <= tolerance_s() ? "window" : "update";
  }

  bool is_drift(const Happening& labels) const {
    return labels.scene > 0 && scenario_.streams[labels.stream].scenes[labels.scene].drop >= kDrift;
  }

  Result<bool> end_jobs() {
    bool spoke = false;
    for (std::size_t v = 0; v < cameras_.size(); ++v) {
      Camera& camera = cameras_[v];
      const bool off = camera.notice_true_work();
      const auto accuracy = camera.finish_job();
      if (!off && !accuracy) continue;
      if (accuracy) ++result_.jobs_done;
      if (accuracy && scenario_.swap_delay_s == 0) camera.swap(*accuracy);
      if (accuracy && scenario_.swap_delay_s > 0)
        happenings_.insert({now_s_ + scenario_.swap_delay_s, Kind::kModel, v, 0, *accuracy});
      if (Status s = ask(camera.request(accuracy ? "job-done" : "update")); !s) return s.error();
      spoke = true;
    }
    return spoke;
  }

  Result<bool> start_jobs() {
    bool started = false;
    for (Camera& camera : cameras_) {
      if (!camera.start_granted_job()) continue;
      if (Status s = ask(camera.request("update")); !s) return s.error();
      started = true;
    }
    return started;
  }

  Status ask(const ShareRequest& request) {
    if (trace_) trace_(trace_line(request, Seconds{now_s_}));
    const auto grant = controller_.request(request, Seconds{now_s_});
    if (!grant) return Error{grant.error().code, "stream '" + request.key.stream + "': " + grant.error().message};
    hear(*grant);
    return {};
  }

  /// Steps the controller as long as it has something to do now.
  void exchange() {
    while (is_due(controller_.next_deadline().count())) {
      now_s_ = std::max(now_s_, controller_.next_deadline().count());
      for (const auto& event : controller_.step(Seconds{now_s_})) std::visit([&](const auto& e) { hear(e); }, event);
    }
  }

  void hear(const WindowOpened& window) {
    if (trace_) trace_(trace_line(window));
  }

  void hear(const WindowClosed& closed) {
    if (trace_) trace_(trace_line(closed));
    if (closed.window > result_.windows.size()) return;
    for (const WindowClosed::StreamResult& stream : closed.streams) {
      StreamResult& result = result_.windows[closed.window - 1][index_.at(stream.id)];
      result.expected = stream.expected_accuracy;
      result.measured = stream.measured_accuracy;
    }
  }

  void hear(const PlanMade& made) {
    ++result_.plans;
    if (trace_) trace_(trace_line(made, &controller_.problem()));
    const scheduler::Problem planned = pessimistic(controller_.problem());
    for (std::size_t v = 0; v < made.plan.streams.size(); ++v)
      if (made.plan.streams[v].delivery) expect_delivery(planned.streams[v], made, *made.plan.streams[v].delivery);
  }

  void hear(const ShareGrant& grant) {
    if (trace_) trace_(trace_line(grant, Seconds{now_s_}));
    cameras_[index_.at(grant.key.stream)].hear(grant);
  }

  /// A model from elsewhere is under way, at most one for each stream and window: planning again does not start anew.
  void expect_delivery(const scheduler::Stream& stream, const PlanMade& made, const scheduler::Delivery& delivery) {
    const std::size_t v = index_.at(stream.id);
    const double at_s = made.at.count() + delivery.at_s;
    if (delivered_in_[v] == made.window || at_s >= scenario_.window_s * static_cast<double>(made.window)) return;
    std::string config;
    for (const scheduler::RetrainingConfig& offered : stream.retraining)
      if (offered.accuracy == delivery.accuracy) config = offered.id;
    delivered_in_[v] = made.window;
    happenings_.insert({at_s, Kind::kDelivery, v, 0, cameras_[v].delivered_accuracy(config, delivery.accuracy)});
  }

  Status check_capacity() const {
    for (const scheduler::Device& device : scenario_.devices) {
      double sum = 0;
      for (const Camera& camera : cameras_)
        for (const ShareGrant* grant : {&camera.inference(), &camera.labelling(), &camera.retraining()})
          if (grant->device == device.id) sum += grant->share;
      if (sum > device.capacity + scheduler::kShareTolerance)
        return Error{ErrorCode::kInternal, "the shares granted on device '" + device.id + "' sum to " +
                                               scheduler::in_words(sum) + ", more than its capacity " +
                                               scheduler::in_words(device.capacity) + moment()};
    }
    return {};
  }

  std::string moment() const { return " at " + scheduler::in_words(now_s_) + " s"; }

  double speed(const Camera& camera) const {
    const double share = camera.job_share();
    if (share <= 0) return 0;
    for (std::size_t d = 0; d < scenario_.devices.size(); ++d)
      if (scenario_.devices[d].id == camera.retraining().device) return throughput_[d].speed(share);
    return 0;
  }

  double next_s() const {
    double next_s = controller_.next_deadline().count();
    if (!happenings_.empty()) next_s = std::min(next_s, happenings_.begin()->at_s);
    for (const Camera& camera : cameras_)
      if (const double reached = speed(camera); reached > 0)
        next_s = std::min(next_s, now_s_ + camera.work_to_next_news_s() / reached);
    return next_s;
  }

  void advance(double until_s) {
    const double passed_s = std::max(0.0, until_s - now_s_);
    for (std::size_t v = 0; v < cameras_.size(); ++v) {
      Camera& camera = cameras_[v];
      StreamResult& result = result_.windows[window()][v];
      const double accuracy = camera.accuracy();
      result.accuracy += accuracy * passed_s / scenario_.window_s;
      if (accuracy < camera.stream().min_accuracy.value_or(scenario_.min_accuracy) - scheduler::kShareTolerance)
        result.below_floor_s += passed_s;
      result_.inference_s += camera.inference().share * passed_s;
      result_.labelling_s += camera.labelling().share * passed_s;
      result_.retraining_s += camera.job_share() * passed_s;
      camera.work(speed(camera) * passed_s);
    }
    now_s_ = std::max(now_s_, until_s);
  }

  void leave() {
    for (const Camera& camera : cameras_)
      for (const ShareRequest& request : camera.join()) {
        if (trace_) trace_(trace_line(request.key, Seconds{now_s_}));
        controller_.leave(request.key, Seconds{now_s_});
      }
  }

  void summarise() {
    double sum = 0, weights = 0;
    for (const auto& window : result_.windows)
      for (std::size_t v = 0; v < cameras_.size(); ++v) {
        sum += scenario_.streams[v].weight * window[v].accuracy;
        weights += scenario_.streams[v].weight;
      }
    result_.mean_accuracy = sum / weights;
  }

  const Scenario& scenario_;
  const std::function<void(const std::string&)>& trace_;
  Controller controller_;
  std::vector<Throughput> throughput_;        ///< [devices].
  std::vector<Camera> cameras_;               ///< [streams].
  std::map<std::string, std::size_t> index_;  ///< Of a stream id.
  std::vector<std::uint64_t> delivered_in_;   ///< [streams], the last window with a model from elsewhere; 0: none.
  std::set<Happening> happenings_;            ///< Still to come.
  double now_s_ = 0;
  Simulated result_;
};

}  // namespace

Result<Simulated> simulate(const Scenario& scenario, const std::string& policy,
                           const std::function<void(const std::string&)>& trace) {
  if (Status s = validate(scenario); !s) return s.error();
  if (Status s = check(controller_options(scenario, policy)); !s) return s.error();
  return Simulation(scenario, policy, trace).run();
}

}  // namespace ekya::sim
