// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

inline ShareRequest inference(const std::string& stream, const std::string& client = "infer0") {
  return {{stream, ClientKind::kInference, client}, {{"full", 0.4, 1.0}, {"half", 0.2, 0.8}}, {}, 0, {}, "", "join"};
}

inline ShareRequest retraining(const std::string& stream, double accuracy = 0.6) {
  return {{stream, ClientKind::kRetraining, "retrain0"}, {}, {{"g", 20, 0.9, 1}}, 0, accuracy, "", "join"};
}

inline ShareRequest labelling(const std::string& stream, double demand) {
  return {{stream, ClientKind::kLabelling, "label0"}, {}, {}, demand, {}, "", "join"};
}

inline Steering pin(double share) { return {share, {}, false}; }
inline Steering cap(double share) { return {{}, share, false}; }
inline Steering excluded() { return {{}, {}, true}; }

template <typename T>
std::vector<T> all(const std::vector<Event>& events) {
  std::vector<T> found;
  for (const Event& event : events)
    if (const T* e = std::get_if<T>(&event)) found.push_back(*e);
  return found;
}

inline ShareGrant grant_for(const std::vector<Event>& events, const ClientKey& key) {
  for (const ShareGrant& grant : all<ShareGrant>(events))
    if (grant.key == key) return grant;
  ADD_FAILURE() << "no grant for " << key.stream << " " << to_string(key.kind) << " " << key.client;
  return {};
}

/// A controller with the default options, stepped to the plan that follows the requests.
struct Session {
  explicit Session(const ControllerOptions& options = {}) : controller(options) {}

  Controller controller;
  Seconds now{100};

  ShareGrant join(const ShareRequest& request) {
    const auto grant = controller.request(request, now);
    EXPECT_TRUE(grant) << grant.error().message;
    return grant ? *grant : ShareGrant{};
  }
  std::vector<Event> settle() {
    now += Seconds{0.1};
    return controller.step(now);
  }
  PlanMade plan() {
    const auto plans = all<PlanMade>(settle());
    EXPECT_EQ(plans.size(), 1u);
    return plans.empty() ? PlanMade{} : plans.front();
  }
};

}  // namespace ekya::scheduler
