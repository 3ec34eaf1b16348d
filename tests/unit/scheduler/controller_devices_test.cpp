// SPDX-License-Identifier: LGPL-2.1-or-later
// A controller that shares out more than one device.
#include <gmock/gmock.h>

#include <set>

#include "controller_session.h"

namespace ekya::scheduler {
namespace {

ControllerOptions two_devices() {
  ControllerOptions options;
  options.devices = {{"gpu0", 1}, {"gpu1", 1}};
  return options;
}

const Stream& stream_of(const Session& s, std::size_t index) { return s.controller.problem().streams.at(index); }

TEST(Devices, AJoiningClientGoesToTheEmptiestOneAndItsStreamFollows) {
  Session s(two_devices());
  EXPECT_EQ(s.join(inference("cam0")).device, "gpu0");
  EXPECT_EQ(s.join(inference("cam1")).device, "gpu1");
  EXPECT_EQ(s.join(inference("cam0", "infer1")).device, "gpu0");
  EXPECT_EQ(s.join(labelling("cam1", 0.1)).device, "gpu1");
}

TEST(Devices, AStreamStaysWhereThePlanHasPutIt) {
  Session s(two_devices());
  for (int i = 0; i < 4; ++i) s.join(inference("cam" + std::to_string(i)));
  const PlanMade first = s.plan();
  std::set<std::string> used;
  for (const StreamPlan& stream : first.plan.streams) used.insert(stream.device);
  EXPECT_EQ(used.size(), 2u);
  s.controller.replan("again", s.now);
  const PlanMade second = all<PlanMade>(s.controller.step(s.now)).at(0);
  for (std::size_t v = 0; v < 4; ++v) {
    EXPECT_EQ(stream_of(s, v).device, first.plan.streams[v].device);
    EXPECT_EQ(second.plan.streams[v].device, first.plan.streams[v].device);
  }
}

TEST(Devices, ARunningJobStaysOnItsOwn) {
  Session s(two_devices());
  s.join(inference("cam0"));
  s.join(retraining("cam0"));
  const std::string device = s.plan().plan.streams[0].retraining_device;
  EXPECT_EQ(stream_of(s, 0).retraining_device, "") << "no job runs yet";
  ShareRequest started = retraining("cam0");
  started.running = "g";
  s.join(started);
  s.controller.replan("again", s.now);
  s.controller.step(s.now);
  EXPECT_EQ(stream_of(s, 0).retraining_device, device);
}

TEST(Devices, TheClientsOfOneThatGoesAreTakenInByTheOthersAtOnce) {
  Session s(two_devices());
  s.join(inference("cam0"));
  s.join(inference("cam1"));
  s.plan();
  ControllerOptions less;
  less.devices = {{"gpu1", 0.5}};
  ASSERT_TRUE(s.controller.set_options(less, s.now));
  double sum = 0;
  for (const ShareGrant& grant : all<ShareGrant>(s.controller.step(s.now))) {
    EXPECT_EQ(grant.device, "gpu1");
    sum += grant.share;
  }
  EXPECT_NEAR(sum, 0.5, 1e-9);
  EXPECT_EQ(s.plan().reason, "options");
}

TEST(Devices, WorkIsDoneAtTheSpeedOfTheDevicesCurve) {
  ControllerOptions options;
  options.devices = {{"gpu0", 1, 1000, {{0.25, 0.6}, {1, 1}}}};
  Session s(options);
  ShareRequest request = retraining("cam0");
  request.running = "g";
  request.retraining = {{"g", 60, 0.9, 0.25}};
  s.join(request);
  ASSERT_EQ(s.plan().plan.streams[0].retraining_share, 0.25);
  s.now += Seconds{50};
  s.controller.replan("test", s.now);
  s.controller.step(s.now);
  EXPECT_NEAR(stream_of(s, 0).retraining[0].work_s, 60 - 50 * 0.6, 1e-6);
}

TEST(Devices, AJobForWhichThereWasNoMemoryStartsInTheStepThatFreesIt) {
  for (const char* policy : {"phased", "thief"}) {
    SCOPED_TRACE(policy);
    ControllerOptions options;
    options.policy = policy;
    options.devices = {{"gpu0", 1, 1000}};
    Session s(options);
    for (const char* stream : {"cam0", "cam1"}) {
      ShareRequest request = retraining(stream);
      request.retraining[0].memory_mb = 600;
      s.join(request);
    }
    s.plan();
    std::vector<std::string> working;
    for (const char* stream : {"cam0", "cam1"})
      if (!s.controller.request(retraining(stream), s.now)->config.empty()) working.push_back(stream);
    ASSERT_EQ(working.size(), 1u);
    ShareRequest done = retraining(working[0], 0.9);
    done.reason = "job-done";
    s.join(done);
    const std::string other = working[0] == "cam0" ? "cam1" : "cam0";
    const ShareGrant grant = grant_for(s.controller.step(s.now), retraining(other).key);
    EXPECT_EQ(grant.config, "g");
    EXPECT_NEAR(grant.share, 1, 1e-9);
  }
}

TEST(Devices, PinsThatDoNotFitOnOneAreSpreadOverAll) {
  Session s(two_devices());
  s.join(inference("cam0"));
  s.join(inference("cam1"));
  EXPECT_EQ(s.controller.steer("cam0", ClientKind::kInference, pin(1.1), s.now).error().message,
            "pin: 1.1 is not in [0, 1]");
  ASSERT_TRUE(s.controller.steer("cam0", ClientKind::kInference, pin(0.8), s.now));
  ASSERT_TRUE(s.controller.steer("cam1", ClientKind::kInference, pin(0.8), s.now));
  s.plan();
  // A third one that is pinned to a device that is taken moves to where there is room for it.
  s.join(inference("cam2"));
  ASSERT_TRUE(s.controller.steer("cam0", ClientKind::kInference, pin(0.5), s.now));
  ASSERT_TRUE(s.controller.steer("cam2", ClientKind::kInference, pin(0.5), s.now));
  const PlanMade made = s.plan();
  EXPECT_EQ(made.plan.streams[0].inference_share, 0.5);
  EXPECT_EQ(made.plan.streams[1].inference_share, 0.8);
  EXPECT_EQ(made.plan.streams[2].inference_share, 0.5);
  EXPECT_EQ(made.plan.streams[0].device, made.plan.streams[2].device);
  EXPECT_EQ(s.controller.steer("cam1", ClientKind::kRetraining, pin(0.5), s.now).error().message,
            "pin: all pins sum to 2.3, more than the capacity 2");
}

TEST(Devices, PinsThatFitTogetherNowhereAreScaledDown) {
  Session s(two_devices());
  for (const char* stream : {"cam0", "cam1", "cam2"}) {
    s.join(inference(stream));
    ASSERT_TRUE(s.controller.steer(stream, ClientKind::kInference, pin(0.6), s.now));
  }
  const PlanMade made = s.plan();
  EXPECT_EQ(made.plan.streams[0].inference_share, 0.5);
  EXPECT_EQ(made.plan.streams[1].inference_share, 0.6);
  EXPECT_EQ(made.plan.streams[2].inference_share, 0.5);
}

}  // namespace
}  // namespace ekya::scheduler
