// SPDX-License-Identifier: LGPL-2.1-or-later
// Random sessions of clients that join, change, leave and are steered, on a virtual clock that jumps. A failing
// seed is the bug report.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "ekya/scheduler/controller.h"
#include "ekya/scheduler/problem_json.h"
#include "support/repetitions.h"

namespace ekya::scheduler {
namespace {

class Simulation {
 public:
  explicit Simulation(unsigned seed) : random_(seed), controller_(options()) {}

  /// Everything that was told, as text: two runs of one seed must be equal.
  std::string run(int rounds) {
    for (int i = 0; i < rounds && !::testing::Test::HasFailure(); ++i) {
      act();
      step();
    }
    return log_;
  }

 private:
  double uniform(double low, double high) { return std::uniform_real_distribution<>(low, high)(random_); }
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  ControllerOptions options() {
    ControllerOptions options;
    options.policy = policy_names()[static_cast<std::size_t>(pick(static_cast<int>(policy_names().size())))];
    options.window = Seconds{uniform(0.1, 300)};
    options.settle = Seconds{pick(3) ? std::min(0.1, options.window.count()) : 0};
    options.quantum = uniform(0.01, 1);
    options.min_accuracy = uniform(0, 1);
    options.kappa = pick(3) ? 0 : uniform(0, 2);
    options.devices.resize(static_cast<std::size_t>(1 + pick(3)));
    for (std::size_t d = 0; d < options.devices.size(); ++d) options.devices[d] = device("gpu" + std::to_string(d));
    if (pick(3) == 0) options.cloud = Cloud{uniform(1, 20), uniform(1, 20), uniform(0, 60)};
    return options;
  }

  Device device(const std::string& id) {
    Device device{id, uniform(0.3, 4)};
    if (pick(3) == 0) device.memory_mb = uniform(100, 4000);
    if (pick(3) == 0) device.throughput = {{0.1, uniform(0.1, 0.5)}, {0.5, uniform(0.5, 0.9)}, {1, 1}};
    return device;
  }

  ClientKey key() {
    return {"cam" + std::to_string(pick(6)), static_cast<ClientKind>(pick(3)), "client" + std::to_string(pick(2))};
  }

  /// Now and then a number that no client should send.
  double number(double low, double high) {
    switch (pick(60)) {
      case 0:
        return NAN;
      case 1:
        return -1;
      case 2:
        return 1e308;
      default:
        return uniform(low, high);
    }
  }

  ShareRequest request() {
    ShareRequest request;
    request.key = key();
    for (int i = pick(4); i > 0; --i)
      request.inference.push_back({"i" + std::to_string(i), number(0, 0.6), number(0, 1)});
    for (int i = pick(4); i > 0; --i)
      request.retraining.push_back({"r" + std::to_string(i), number(0.1, 200), number(0, 1), number(0.1, 1),
                                    number(0, 2000), number(0, 20), number(0, 0.1)});
    request.labelling_demand = number(0, 0.5);
    if (pick(2)) request.accuracy = number(0, 1);
    if (pick(3) == 0 && !request.retraining.empty()) request.running = request.retraining.front().id;
    if (pick(4) == 0) request.weight = number(0.1, 5);
    if (pick(4) == 0) request.min_accuracy = number(0, 1);
    if (pick(4) == 0) request.cached_accuracy = number(0, 1);
    constexpr const char* kReasons[] = {"join", "update", "window", "drift", "job-done", "nonsense"};
    request.reason = kReasons[pick(6)];
    return request;
  }

  Steering steering() {
    Steering steering;
    if (pick(3) == 0) steering.pin = number(0, 0.7);
    if (pick(3) == 0) steering.cap = number(0, 1);
    steering.excluded = pick(6) == 0;
    return steering;
  }

  void act() {
    switch (pick(12)) {
      case 0: {
        const ClientKey gone = key();
        controller_.leave(gone, now_);
        told_.erase(gone);
        break;
      }
      case 1:
        (void)controller_.steer(key().stream, key().kind, steering(), now_);
        break;
      case 2:
        (void)controller_.veto(plan_, now_);
        break;
      case 3:
        controller_.replan("because", now_);
        break;
      case 4:
        if (pick(4) == 0) (void)controller_.set_options(options(), now_);
        break;
      default:
        ask(request());
    }
    if (pick(50) == 0) now_ = Seconds{uniform(-1e6, 1e6)};  // a clock that jumps
  }

  void ask(const ShareRequest& request) {
    const auto grant = controller_.request(request, now_);
    if (!grant) return;
    if (request.key.kind == ClientKind::kRetraining) running_[request.key.stream] = request.running;
    hear(*grant);
  }

  void hear(const ShareGrant& grant) {
    EXPECT_TRUE(std::isfinite(grant.share) && grant.share >= 0) << grant.share;
    told_[grant.key] = grant;
  }

  void step() {
    if (pick(2)) now_ = std::max(now_, controller_.next_deadline());
    if (pick(3) == 0) now_ += Seconds{uniform(0, 50)};
    std::set<ClientKey> heard;
    for (const Event& event : controller_.step(now_)) std::visit([&](const auto& e) { check(e, heard); }, event);
    check_devices();
    latest_ = std::max(latest_, now_);
    EXPECT_GT(controller_.next_deadline(), latest_) << "step() must have done what was due";
    EXPECT_TRUE(std::isfinite(controller_.next_deadline().count()));
    EXPECT_EQ(controller_.explain().find("nan"), std::string::npos);
  }

  void check_devices() {
    std::map<std::string, double> held;
    for (const auto& [key, grant] : told_) held[grant.device] += grant.share;
    for (const Device& device : controller_.options().devices) {
      EXPECT_LE(held[device.id], device.capacity + 1e-9) << device.id;
      held.erase(device.id);
    }
    EXPECT_TRUE(held.empty()) << "a grant names the device " << held.begin()->first;
  }

  void check(const WindowClosed& e, std::set<ClientKey>&) {
    EXPECT_EQ(e.window, window_);
    for (const auto& stream : e.streams) {
      EXPECT_TRUE(stream.expected_accuracy >= 0 && stream.expected_accuracy <= 1 + 1e-9) << stream.expected_accuracy;
      EXPECT_FALSE(stream.measured_accuracy < 0 || stream.measured_accuracy > 1 + 1e-9);
      log_ += "closed " + stream.id + " " + std::to_string(stream.expected_accuracy) + "\n";
    }
  }
  void check(const WindowOpened& e, std::set<ClientKey>&) {
    EXPECT_EQ(e.window, ++window_);
    EXPECT_GT(e.end, e.begin);
    log_ += "opened " + std::to_string(e.begin.count()) + "\n";
  }
  void check(const PlanMade& e, std::set<ClientKey>&) {
    EXPECT_EQ(e.number, ++plan_);
    if (e.reason != "veto") {
      const Status problem = validate(controller_.problem());
      EXPECT_TRUE(problem) << problem.error().message;
      const Status plan = validate(controller_.problem(), e.plan);
      EXPECT_TRUE(plan) << plan.error().message;
      for (std::size_t v = 0; v < e.plan.streams.size(); ++v) {
        const Stream& stream = controller_.problem().streams[v];
        if (!stream.retraining_device.empty() && e.plan.streams[v].retraining_config == stream.running) {
          EXPECT_EQ(e.plan.streams[v].retraining_device, stream.retraining_device) << e.plan.policy;
        }
      }
    }
    log_ += e.reason + to_json(e.plan);
  }
  void check(const ShareGrant& grant, std::set<ClientKey>& heard) {
    EXPECT_TRUE(told_.count(grant.key)) << "a grant for a client that is not there";
    EXPECT_TRUE(heard.insert(grant.key).second) << "two grants for one client in one step";
    const bool starts = grant.key.kind == ClientKind::kRetraining && !grant.config.empty();
    EXPECT_TRUE(!starts || grant.share > 0 || grant.config == running_[grant.key.stream])
        << "a job that has no share must not start";
    hear(grant);
  }

  std::mt19937 random_;
  Controller controller_;
  Seconds now_{0}, latest_{-1e12};
  std::map<ClientKey, ShareGrant> told_;
  std::map<std::string, std::string> running_;  ///< Job that a stream's client says it runs.
  std::uint64_t window_ = 0, plan_ = 0;
  std::string log_;
};

TEST(Controller, HoldsItsPromisesInAThousandRandomSessions) {
  for (unsigned seed = 0; seed < ekya::testing::repetitions(1000); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Simulation(seed).run(60);
    if (HasFailure()) break;
  }
}

TEST(Controller, TheSameCallsGiveTheSameEvents) {
  for (unsigned seed = 0; seed < 20; ++seed) EXPECT_EQ(Simulation(seed).run(80), Simulation(seed).run(80));
}

}  // namespace
}  // namespace ekya::scheduler
