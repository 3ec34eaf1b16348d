// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/controller.h"

#include <gmock/gmock.h>

#include <cmath>

#include "controller_session.h"

namespace ekya::scheduler {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ClientKind, HasTheNamesOfTheProtocol) {
  for (ClientKind kind : {ClientKind::kInference, ClientKind::kLabelling, ClientKind::kRetraining})
    EXPECT_EQ(client_kind(to_string(kind)), kind);
  EXPECT_EQ(client_kind("training"), std::nullopt);
}

TEST(Controller, AJoiningInferenceClientGetsAUsableShareAtOnce) {
  Session s;
  const ShareGrant grant = s.join(inference("cam0"));
  EXPECT_DOUBLE_EQ(grant.share, 0.4);
  EXPECT_EQ(grant.config, "full");
  EXPECT_EQ(grant.device, "cpu");
  EXPECT_EQ(grant.until, Seconds{300});
}

TEST(Controller, TheOthersGiveForAJoiningInferenceClientAndHearOfItAtTheNextStep) {
  Session s;
  s.join(inference("cam0"));
  s.plan();  // the only client holds the whole device
  const ShareGrant grant = s.join(inference("cam1"));
  EXPECT_DOUBLE_EQ(grant.share, 0.4);
  const auto events = s.controller.step(s.now);
  EXPECT_DOUBLE_EQ(grant_for(events, inference("cam0").key).share, 0.6);
  EXPECT_TRUE(all<PlanMade>(events).empty());
}

TEST(Controller, AJoiningRetrainingClientWaitsForThePlan) {
  Session s;
  s.join(inference("cam0"));
  const ShareGrant grant = s.join(retraining("cam0"));
  EXPECT_EQ(grant.share, 0);
  EXPECT_EQ(grant.config, "");
  const auto events = s.settle();
  EXPECT_EQ(grant_for(events, retraining("cam0").key).config, "g");
  EXPECT_GT(grant_for(events, retraining("cam0").key).share, 0);
}

TEST(Controller, ChangesWithinTheSettleTimeShareOnePlan) {
  Session s;
  s.join(inference("cam0"));
  s.now += Seconds{0.05};
  s.join(inference("cam1"));
  s.now = Seconds{100.09};
  EXPECT_TRUE(all<PlanMade>(s.controller.step(s.now)).empty());
  EXPECT_EQ(s.controller.next_deadline(), Seconds{100.1});
  s.now = Seconds{100};
  const PlanMade made = s.plan();
  EXPECT_EQ(made.number, 1u);
  EXPECT_EQ(made.window, 1u);
  EXPECT_EQ(made.reason, "join");
  EXPECT_EQ(made.plan.streams.size(), 2u);
  EXPECT_EQ(s.controller.next_deadline(), Seconds{300});
}

TEST(Controller, AnUnchangedRequestMakesNoPlan) {
  Session s;
  s.join(inference("cam0"));
  s.plan();
  ShareRequest again = inference("cam0");
  again.reason = "update";
  s.join(again);
  EXPECT_TRUE(s.settle().empty());
}

TEST(Controller, TheEndOfAJobFreesItsShareAtOnce) {
  Session s;
  s.join(inference("cam0"));
  s.join(retraining("cam0"));
  s.plan();
  ShareRequest done = retraining("cam0", 0.9);
  done.reason = "job-done";
  const ShareGrant grant = s.join(done);
  EXPECT_EQ(grant.share, 0);
  EXPECT_EQ(grant.config, "");
  EXPECT_EQ(s.controller.next_deadline(), s.now);
  const auto events = s.controller.step(s.now);
  ASSERT_EQ(all<PlanMade>(events).size(), 1u);
  EXPECT_EQ(all<PlanMade>(events)[0].reason, "job-done");
  EXPECT_DOUBLE_EQ(grant_for(events, inference("cam0").key).share, 1);  // nothing promises more than 0.9
}

TEST(Controller, DriftIsPlannedForAtOnce) {
  Session s;
  s.join(inference("cam0"));
  s.join(retraining("cam0", 0.9));
  EXPECT_EQ(s.plan().plan.streams[0].retraining_config, "");
  ShareRequest drift = retraining("cam0", 0.5);
  drift.reason = "drift";
  s.join(drift);
  const auto plans = all<PlanMade>(s.controller.step(s.now));
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].reason, "drift");
  EXPECT_EQ(plans[0].plan.streams[0].retraining_config, "g");
}

TEST(Controller, AClientThatLeavesFreesItsShare) {
  Session s;
  s.join(inference("cam0"));
  s.join(inference("cam1"));
  s.plan();
  s.controller.leave(inference("cam1").key, s.now);
  s.controller.leave(inference("cam7").key, s.now);
  const auto events = s.settle();
  EXPECT_EQ(all<PlanMade>(events).at(0).reason, "leave");
  EXPECT_DOUBLE_EQ(grant_for(events, inference("cam0").key).share, 1);
}

TEST(Controller, SeveralInferenceClientsOfAStreamShareByDemand) {
  Session s;
  ShareRequest small = inference("cam0", "classifier");
  small.inference = {{"only", 0.2, 0.9}};
  s.join(inference("cam0", "detector"));
  s.join(small);
  const auto events = s.settle();
  const ShareGrant detector = grant_for(events, inference("cam0", "detector").key);
  const ShareGrant classifier = grant_for(events, small.key);
  EXPECT_NEAR(detector.share / classifier.share, 2, 1e-9);
  EXPECT_EQ(detector.config, "full");
  EXPECT_EQ(classifier.config, "only");
  const Stream& stream = s.controller.problem().streams.at(0);
  ASSERT_EQ(stream.inference.size(), 2u);
  EXPECT_NEAR(stream.inference[0].demand, 0.6, 1e-12);
  EXPECT_NEAR(stream.inference[1].demand, 0.4, 1e-12);
  EXPECT_NEAR(stream.inference[0].factor, 0.95, 1e-12);
}

TEST(Controller, AWindowClosesWithExpectedAndMeasuredAccuracyAndTheNextOpens) {
  Session s;
  s.join(inference("cam0"));
  s.join(inference("cam1"));
  s.join(retraining("cam0", 0.6));
  const double expected = s.plan().plan.streams[0].expected_accuracy;
  ShareRequest later = retraining("cam0", 0.8);
  later.reason = "update";
  ASSERT_TRUE(s.controller.request(later, Seconds{200}));
  const double second = all<PlanMade>(s.controller.step(Seconds{200.1})).at(0).plan.streams[0].expected_accuracy;
  const auto events = s.controller.step(Seconds{300});
  const WindowClosed closed = all<WindowClosed>(events).at(0);
  EXPECT_EQ(closed.window, 1u);
  EXPECT_EQ(closed.begin, Seconds{100});
  EXPECT_EQ(closed.end, Seconds{300});
  ASSERT_EQ(closed.streams.size(), 2u);
  EXPECT_EQ(closed.streams[0].id, "cam0");
  EXPECT_NEAR(closed.streams[0].expected_accuracy, (expected + second) / 2, 2e-3);
  EXPECT_NEAR(closed.streams[0].measured_accuracy, 0.56, 1e-3);  // (0.6 + 0.8) / 2, times the 0.8 of `half`
  EXPECT_TRUE(std::isnan(closed.streams[1].measured_accuracy));
  const WindowOpened opened = all<WindowOpened>(events).at(0);
  EXPECT_EQ(opened.window, 2u);
  EXPECT_EQ(opened.end, Seconds{500});
  const auto planned = s.controller.step(Seconds{300.1});
  EXPECT_EQ(all<PlanMade>(planned).at(0).reason, "window");
  EXPECT_EQ(grant_for(planned, inference("cam0").key).until, Seconds{500});
}

TEST(Controller, SleepingThroughWindowsClosesOneAndOpensOne) {
  Session s;
  s.join(inference("cam0"));
  s.plan();
  const auto events = s.controller.step(Seconds{100 + 10 * 200.0 + 50});
  EXPECT_EQ(all<WindowClosed>(events).size(), 1u);
  ASSERT_EQ(all<WindowOpened>(events).size(), 1u);
  EXPECT_EQ(all<WindowOpened>(events)[0].begin, Seconds{2150});
}

TEST(Controller, TimeThatRunsBackOrIsNotANumberStandsStill) {
  Session s;
  s.join(inference("cam0"));
  s.plan();
  EXPECT_TRUE(s.controller.step(Seconds{-1e9}).empty());
  EXPECT_TRUE(s.controller.step(Seconds{NAN}).empty());
  EXPECT_TRUE(s.controller.step(Seconds{INFINITY}).empty());
  EXPECT_EQ(s.controller.next_deadline(), Seconds{300});
}

TEST(Controller, CountsTheWorkThatARunningJobHasDone) {
  Session s;
  s.join(inference("cam0"));
  ShareRequest request = retraining("cam0");
  request.retraining = {{"g", 60, 0.9, 1}, {"h", 1, 0.95, 1}};
  request.running = "g";
  s.join(request);
  const double share = s.plan().plan.streams[0].retraining_share;
  ASSERT_GT(share, 0);
  s.now += Seconds{50};
  s.controller.replan("test", s.now);
  s.controller.step(s.now);
  EXPECT_NEAR(s.controller.problem().streams[0].retraining[0].work_s, 60 - 50 * share, 1e-6);
  EXPECT_EQ(s.controller.problem().streams[0].retraining[1].work_s, 1);
}

TEST(Controller, NearTheEndOfAWindowAJobIsNotStoppedForEndingJustAfterIt) {
  Session s;
  s.join(inference("cam0"));
  ShareRequest request = retraining("cam0");
  request.running = "g";
  s.join(request);
  s.plan();
  s.now = Seconds{299};
  s.join(inference("cam1"));
  EXPECT_EQ(s.plan().plan.streams[0].retraining_config, "g");
}

TEST(Controller, NamesTheFieldOfARequestThatItRefuses) {
  const auto spoilt = [](ShareRequest request, auto spoil) {
    spoil(request);
    return request;
  };
  const std::pair<ShareRequest, const char*> bad[] = {
      {spoilt(inference("cam0"), [](auto& r) { r.key.stream = "a/b"; }), "stream-id has the character '/'"},
      {spoilt(inference("cam0"), [](auto& r) { r.key.client = ""; }), "client: has 0 bytes"},
      {spoilt(inference("cam0"), [](auto& r) { r.inference.clear(); }), "configs: an inference client offers 1 to"},
      {spoilt(inference("cam0"), [](auto& r) { r.inference[1].demand = NAN; }), "configs[1].demand: nan"},
      {spoilt(inference("cam0"), [](auto& r) { r.inference[1].id = "full"; }), "configs[1].id: 'full' is there twice"},
      {spoilt(inference("cam0"), [](auto& r) { r.accuracy = 1.5; }), "accuracy: 1.5 is not in [0, 1]"},
      {spoilt(inference("cam0"),
              [](auto& r) {
                r.inference.resize(257, {"x", 0, 0});
              }),
       "configs: an inference client"},
      {labelling("cam0", -1), "demand: -1 is not >= 0"},
      {spoilt(retraining("cam0"), [](auto& r) { r.retraining[0].work_s = 0; }), "configs[0].work_s: 0 is not > 0"},
      {spoilt(retraining("cam0"), [](auto& r) { r.running = "x"; }), "running: 'x' is not the id"},
  };
  Session s;
  for (const auto& [request, message] : bad) {
    SCOPED_TRACE(message);
    const auto grant = s.controller.request(request, s.now);
    ASSERT_FALSE(grant);
    EXPECT_EQ(grant.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(grant.error().message, StartsWith(message));
  }
}

TEST(Controller, RefusesASecondRetrainingClientOfAStream) {
  Session s;
  s.join(retraining("cam0"));
  ShareRequest second = retraining("cam0");
  second.key.client = "retrain1";
  const auto grant = s.controller.request(second, s.now);
  ASSERT_FALSE(grant);
  EXPECT_EQ(grant.error().code, ErrorCode::kBusy);
}

TEST(Controller, RefusesMoreStreamsAndClientsThanItsLimits) {
  Controller controller({.max_streams = 2});
  EXPECT_TRUE(controller.request(inference("cam0"), Seconds{0}));
  EXPECT_TRUE(controller.request(inference("cam1"), Seconds{0}));
  EXPECT_EQ(controller.request(inference("cam2"), Seconds{0}).error().code, ErrorCode::kResource);
  for (int i = 1; i < 16; ++i)
    EXPECT_TRUE(controller.request(inference("cam0", "infer" + std::to_string(i)), Seconds{0}));
  EXPECT_EQ(controller.request(inference("cam0", "infer16"), Seconds{0}).error().code, ErrorCode::kResource);
}

TEST(Steering, APinIsExactAndTheOthersGive) {
  Session s;
  s.join(inference("cam0"));
  s.join(inference("cam1"));
  s.plan();
  ASSERT_TRUE(s.controller.steer("cam0", ClientKind::kInference, pin(0.8), s.now));
  const auto events = s.settle();
  EXPECT_DOUBLE_EQ(grant_for(events, inference("cam0").key).share, 0.8);
  const ShareGrant other = grant_for(events, inference("cam1").key);
  EXPECT_NEAR(other.share, 0.2, 1e-9);
  EXPECT_EQ(other.config, "half");
  EXPECT_EQ(all<PlanMade>(events).at(0).reason, "steer");
}

TEST(Steering, ACapLeavesTheRestAndAnEmptyOrderEndsIt) {
  Session s;
  s.join(inference("cam0"));
  s.plan();
  ASSERT_TRUE(s.controller.steer("cam0", ClientKind::kInference, cap(0.25), s.now));
  EXPECT_DOUBLE_EQ(grant_for(s.settle(), inference("cam0").key).share, 0.25);
  ASSERT_TRUE(s.controller.steer("cam0", ClientKind::kInference, {}, s.now));
  EXPECT_DOUBLE_EQ(grant_for(s.settle(), inference("cam0").key).share, 1);
}

TEST(Steering, AnExcludedStreamNeitherRetrainsNorLabels) {
  Session s;
  s.join(inference("cam0"));
  s.join(retraining("cam0"));
  s.join(labelling("cam0", 0.1));
  s.plan();
  ASSERT_TRUE(s.controller.steer("cam0", ClientKind::kRetraining, excluded(), s.now));
  const auto events = s.settle();
  EXPECT_EQ(grant_for(events, retraining("cam0").key).share, 0);
  EXPECT_EQ(grant_for(events, labelling("cam0", 0.1).key).share, 0);
  EXPECT_DOUBLE_EQ(grant_for(events, inference("cam0").key).share, 1);
  EXPECT_THAT(s.controller.explain(), HasSubstr("no retraining: the stream is excluded"));
}

TEST(Steering, RefusesWhatCannotHold) {
  Session s;
  const ClientKind kind = ClientKind::kInference;
  EXPECT_EQ(s.controller.steer("cam0", kind, pin(1.1), s.now).error().message, "pin: 1.1 is not in [0, 1]");
  EXPECT_EQ(s.controller.steer("cam0", kind, cap(NAN), s.now).error().message, "cap: nan is not in [0, 1]");
  EXPECT_EQ(s.controller.steer("cam0", kind, Steering{0.5, 0.4, false}, s.now).error().message,
            "pin: 0.5 is above the cap 0.4");
  EXPECT_TRUE(s.controller.steer("cam0", kind, pin(0.6), s.now));
  EXPECT_EQ(s.controller.steer("cam1", kind, pin(0.6), s.now).error().message,
            "pin: all pins sum to 1.2, more than the capacity 1");
  ControllerOptions less;
  less.devices[0].capacity = 0.5;
  EXPECT_EQ(s.controller.set_options(less, s.now).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(s.controller.options().devices[0].capacity, 1);
}

TEST(Veto, GoesBackToThePlanBefore) {
  Session s;
  s.join(inference("cam0"));
  s.join(retraining("cam0", 0.9));
  const PlanMade first = s.plan();
  ShareRequest drift = retraining("cam0", 0.5);
  drift.reason = "drift";
  s.join(drift);
  const PlanMade second = all<PlanMade>(s.controller.step(s.now)).at(0);
  ASSERT_NE(second.plan.streams[0].inference_share, first.plan.streams[0].inference_share);
  EXPECT_FALSE(s.controller.veto(first.number, s.now));
  ASSERT_TRUE(s.controller.veto(second.number, s.now));
  const auto events = s.controller.step(s.now);
  const PlanMade third = all<PlanMade>(events).at(0);
  EXPECT_EQ(third.reason, "veto");
  EXPECT_EQ(third.number, 3u);
  EXPECT_EQ(third.plan.streams[0].inference_share, first.plan.streams[0].inference_share);
  EXPECT_EQ(grant_for(events, retraining("cam0").key).config, "");
  EXPECT_FALSE(s.controller.veto(third.number, s.now)) << "there is only one plan to go back to";
}

TEST(Veto, KeepsAStreamThatCameWithTheVetoedPlan) {
  Session s;
  s.join(inference("cam0"));
  s.plan();
  s.join(inference("cam1"));
  const PlanMade made = s.plan();
  ASSERT_TRUE(s.controller.veto(made.number, s.now));
  const PlanMade back = all<PlanMade>(s.controller.step(s.now)).at(0);
  EXPECT_GT(back.plan.streams[1].inference_share, 0.2);
  EXPECT_LE(back.plan.streams[0].inference_share + back.plan.streams[1].inference_share, 1 + 1e-9);
}

TEST(Options, ChangeWhilePlaying) {
  Session s;
  s.join(inference("cam0"));
  s.join(retraining("cam0"));
  s.plan();
  ControllerOptions options;
  options.policy = "no-retraining";
  options.devices = {{"cpu1", 0.5}};
  options.window = Seconds{60};
  ASSERT_TRUE(s.controller.set_options(options, s.now));
  const auto events = s.settle();
  EXPECT_EQ(all<PlanMade>(events).at(0).plan.policy, "no-retraining");
  const ShareGrant grant = grant_for(events, inference("cam0").key);
  EXPECT_DOUBLE_EQ(grant.share, 0.5);
  EXPECT_EQ(grant.device, "cpu1");
  EXPECT_EQ(grant.until, Seconds{160});
}

TEST(Options, ThatAreImpossibleLeaveTheOldOnes) {
  Controller controller{ControllerOptions{}};
  const std::pair<ControllerOptions, const char*> bad[] = {
      {{.policy = "best"}, "policy 'best' is unknown"},
      {{.window = Seconds{0}}, "window: 0 s is not in"},
      {{.settle = Seconds{NAN}}, "settle: nan s"},
      {{.quantum = 0}, "quantum: 0 is not in (0, 1]"},
      {{.min_accuracy = 2}, "min-accuracy: 2 is not in"},
      {{.kappa = -1}, "kappa: -1 is not >= 0"},
      {{.devices = {}}, "devices: is empty"},
      {{.cloud = Cloud{}}, "cloud.uplink_mbps: 0 is not > 0"},
      {{.devices = {{"cpu", 0}}}, "devices[0].capacity: 0 is not > 0"},
      {{.devices = {{"cpu", 1}, {"cpu", 1}}}, "devices[1].id: 'cpu' is there twice"},
      {{.max_streams = 0}, "max-streams: 0 is not in [1, 1024]"},
  };
  for (const auto& [options, message] : bad) {
    const Status status = controller.set_options(options, Seconds{0});
    ASSERT_FALSE(status) << message;
    EXPECT_THAT(status.error().message, StartsWith(message));
  }
  EXPECT_EQ(controller.set_options({.policy = "best"}, Seconds{0}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(controller.options().policy, "thief");
}

TEST(Explain, SaysInPlainSentencesWhatEachStreamGotAndWhy) {
  Session s;
  EXPECT_EQ(s.controller.explain(), "no plan has been made yet\n");
  s.join(inference("cam0"));
  s.join(retraining("cam0"));
  s.join(inference("cam1"));
  s.join(labelling("cam1", 0.1));
  ASSERT_TRUE(s.controller.steer("cam1", ClientKind::kInference, cap(0.3), s.now));
  s.plan();
  EXPECT_EQ(
      s.controller.explain(),
      "plan 1 by thief because of join+steer: mean accuracy 0.608 expected over 200 s\n"
      "cam0: inference gets 0.2 of cpu and runs half; retraining g gets 0.5 for about 40 s and takes the accuracy "
      "from 0.6 to 0.9; accuracy 0.816 expected\n"
      "cam1: inference gets 0.2 of cpu and runs half (capped at 0.3); labelling gets 0.1; no retraining: nothing to "
      "train on is offered; accuracy 0.4 expected\n");
}

}  // namespace
}  // namespace ekya::scheduler
