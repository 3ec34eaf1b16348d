// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes the controller plan again, and what does not.
#include <gmock/gmock.h>

#include <functional>

#include "controller_session.h"

namespace ekya::scheduler {
namespace {

/// Two cameras whose jobs take 40 s of the whole device each: `phased` runs one after the other.
struct Queue : public ::testing::Test {
  static ControllerOptions options() {
    ControllerOptions options;
    options.policy = "phased";
    return options;
  }
  static ShareRequest job(const std::string& stream, const std::string& running = "") {
    ShareRequest request = retraining(stream);
    request.retraining = {{"g", 40, 0.9, 1}};
    request.running = running;
    return request;
  }

  Session s{options()};
  PlanMade first;
  std::vector<Event> told;  ///< With the first plan.
  std::size_t runs = 0, waits = 1;

  void SetUp() override {
    s.join(job("cam0"));
    s.join(job("cam1"));
    told = s.settle();
    first = all<PlanMade>(told).at(0);
    if (first.plan.streams[0].retraining_share == 0) std::swap(runs, waits);
    s.join(job(name(runs), "g"));
  }
  std::string name(std::size_t stream) const { return first.plan.streams[stream].id; }
};

TEST_F(Queue, AJobThatWaitsItsTurnHearsOfItsConfigOnlyWhenItBegins) {
  ASSERT_EQ(first.plan.streams[waits].retraining_config, "g");
  ASSERT_EQ(first.plan.streams[waits].retraining_share, 0);
  EXPECT_EQ(grant_for(told, job(name(runs)).key).config, "g");
  const auto waiting = s.controller.request(job(name(waits)), s.now);
  EXPECT_EQ(waiting->config, "");
  EXPECT_EQ(waiting->share, 0);

  s.now += Seconds{40};
  ShareRequest done = job(name(runs));
  done.accuracy = 0.9;
  done.reason = "job-done";
  s.join(done);
  const auto events = s.controller.step(s.now);
  EXPECT_EQ(all<PlanMade>(events).at(0).reason, "job-done");
  EXPECT_EQ(grant_for(events, job(name(waits)).key).config, "g");
  EXPECT_EQ(grant_for(events, job(name(waits)).key).share, 1);
}

TEST_F(Queue, AJobThatTakesLongerKeepsItsShareAndIsPlannedAnewWhenThePhaseIsLate) {
  ASSERT_EQ(first.plan.streams[runs].phases.at(1).begin_s, 40);
  // The job's end has the settling time to be told.
  EXPECT_NEAR(s.controller.next_deadline().count(), s.now.count() + 40.1, 1e-6);
  s.now += Seconds{40.05};
  EXPECT_TRUE(s.controller.step(s.now).empty());
  s.now += Seconds{0.05001};
  const auto events = s.controller.step(s.now);
  ASSERT_EQ(all<PlanMade>(events).size(), 1u);
  EXPECT_EQ(all<PlanMade>(events)[0].reason, "phase");
  EXPECT_NEAR(s.controller.problem().streams[runs].retraining[0].work_s, 2, 1e-6);  // 5 % of 40 s
  EXPECT_TRUE(all<ShareGrant>(events).empty()) << "nothing changes for anybody";
  EXPECT_NEAR(s.controller.next_deadline().count(), s.now.count() + 2.1, 1e-6);
}

TEST_F(Queue, TheStartOfAJobThatWasGrantedMakesNoPlan) { EXPECT_TRUE(s.settle().empty()); }

TEST_F(Queue, ARunningJobsWorkIsComparedWithWhatShouldBeLeftOfIt) {
  s.settle();
  const auto after = [&](double seconds, double work_left) {
    s.now += Seconds{seconds};
    ShareRequest report = job(name(runs), "g");
    report.retraining[0].work_s = work_left;
    s.join(report);
    return all<PlanMade>(s.settle()).size();
  };
  EXPECT_EQ(after(10, 33.5), 0u) << "3.6 s more than the 29.9 s that should be left are 9 % of 40 s";
  EXPECT_EQ(after(10, 19.8), 0u);
  EXPECT_EQ(after(10, 14), 1u) << "4.3 s more than the 9.7 s that should be left are 10.8 %";
}

TEST_F(Queue, NoQuantumIdlesWhileAJobWaits) {
  const double end_s[] = {50, 30};  // one takes longer than expected, one is done sooner
  std::vector<ShareRequest> jobs = {job(name(runs), "g"), job(name(waits))};
  for (std::size_t k = 0; k < jobs.size(); ++k) {
    const Seconds end = s.now + Seconds{end_s[k]};
    while (s.now < end) {
      double held = 0;
      for (const ShareRequest& request : jobs) held += s.controller.request(request, s.now)->share;
      EXPECT_NEAR(held, 1, 1e-9) << "at " << s.now.count();
      s.now = std::min(end, s.controller.next_deadline());
      s.controller.step(s.now);
    }
    ShareRequest done = jobs[k];
    done.running.clear();
    done.accuracy = 0.9;
    done.reason = "job-done";
    s.join(done);
    s.controller.step(s.now);
    if (k == 0) jobs = {done, job(name(waits), "g")}, jobs[0].reason = "update";
  }
}

struct Change {
  const char* what;
  bool is_news;
  std::function<void(ShareRequest&)> apply;
};

void expect_plans(const ShareRequest& request, const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    SCOPED_TRACE(change.what);
    Session s;
    s.join(request);
    s.plan();
    ShareRequest changed = request;
    changed.reason = "update";
    change.apply(changed);
    s.join(changed);
    const auto plans = all<PlanMade>(s.settle());
    EXPECT_EQ(plans.size(), change.is_news ? 1u : 0u);
    if (!plans.empty()) {
      EXPECT_EQ(plans[0].reason, "update");
    }
  }
}

TEST(News, OfRetrainingAreFiguresThatAreOffByMoreThanATenthAndOtherConfigs) {
  expect_plans(retraining("cam0"),
               {
                   {"work + 9.5 %", false, [](auto& r) { r.retraining[0].work_s = 21.9; }},
                   {"work + 10.5 %", true, [](auto& r) { r.retraining[0].work_s = 22.1; }},
                   {"work - 10.5 %", true, [](auto& r) { r.retraining[0].work_s = 17.9; }},
                   {"accuracy of the student + 8 %", false, [](auto& r) { r.accuracy = 0.65; }},
                   {"accuracy of the student + 12 %", true, [](auto& r) { r.accuracy = 0.67; }},
                   {"accuracy of the student - 12 %", true, [](auto& r) { r.accuracy = 0.53; }},
                   {"expected accuracy - 9 %", false, [](auto& r) { r.retraining[0].accuracy = 0.82; }},
                   {"expected accuracy - 11 %", true, [](auto& r) { r.retraining[0].accuracy = 0.80; }},
                   {"another config", true, [](auto& r) { r.retraining[0].id = "h"; }},
                   {"one config more", true,
                    [](auto& r) {
                      r.retraining.push_back({"h", 9, 0.7, 1});
                    }},
                   {"none", true, [](auto& r) { r.retraining.clear(); }},
                   {"memory", true, [](auto& r) { r.retraining[0].memory_mb = 100; }},
                   {"weight", true, [](auto& r) { r.weight = 1.01; }},
                   {"floor", true, [](auto& r) { r.min_accuracy = 0.5; }},
                   {"cached model", true, [](auto& r) { r.cached_accuracy = 0.1; }},
               });
}

TEST(News, OfInferenceAndLabellingAreDemandsThatAreOffByMoreThanATenth) {
  expect_plans(inference("cam0"), {
                                      {"demand + 7.5 %", false, [](auto& r) { r.inference[0].demand = 0.43; }},
                                      {"demand + 12.5 %", true, [](auto& r) { r.inference[0].demand = 0.45; }},
                                      {"factor - 6 %", false, [](auto& r) { r.inference[1].factor = 0.75; }},
                                      {"factor - 12.5 %", true, [](auto& r) { r.inference[1].factor = 0.7; }},
                                  });
  expect_plans(labelling("cam0", 0.1), {
                                           {"demand + 5 %", false, [](auto& r) { r.labelling_demand = 0.105; }},
                                           {"demand + 20 %", true, [](auto& r) { r.labelling_demand = 0.12; }},
                                       });
}

TEST(News, SmallChangesAddUpAndAreTakenOver) {
  Session s;
  s.join(retraining("cam0", 0.6));
  s.plan();
  ShareRequest next = retraining("cam0", 0.65);
  next.reason = "update";
  next.retraining[0].work_s = 21;
  s.join(next);
  EXPECT_TRUE(s.settle().empty());
  EXPECT_EQ(s.controller.problem().streams[0].accuracy, 0.6) << "the problem is that of the plan in force";
  next.accuracy = 0.67;
  s.join(next);
  EXPECT_EQ(s.plan().reason, "update");
  EXPECT_EQ(s.controller.problem().streams[0].accuracy, 0.67);
  EXPECT_EQ(s.controller.problem().streams[0].retraining[0].work_s, 21);
}

TEST(News, AJobThatEndsWithoutSayingDoneIsPlannedFor) {
  Session s;
  ShareRequest request = retraining("cam0");
  request.running = "g";
  s.join(request);
  s.plan();
  request.running.clear();
  request.reason = "update";
  s.join(request);
  EXPECT_EQ(s.plan().reason, "update");
}

TEST(News, TheSameWorkToldAgainLeavesWhatWasDone) {
  Session s;
  ShareRequest request = retraining("cam0");
  request.retraining[0].work_s = 60;
  request.running = "g";
  s.join(request);
  ASSERT_EQ(s.plan().plan.streams[0].retraining_share, 1);
  s.now += Seconds{10};
  s.join(request);
  s.now += Seconds{10};
  s.controller.replan("test", s.now);
  s.controller.step(s.now);
  EXPECT_NEAR(s.controller.problem().streams[0].retraining[0].work_s, 40, 1e-6);
}

TEST(StreamFacts, TheNewestRequestThatTellsThemWins) {
  Session s;
  ShareRequest infer = inference("cam0");
  infer.weight = 2;
  infer.min_accuracy = 0.7;
  s.join(infer);
  ShareRequest retrain = retraining("cam0");
  retrain.weight = 3;
  retrain.upload_mbit = 160;
  s.join(retrain);
  s.plan();
  EXPECT_EQ(s.controller.problem().streams[0].weight, 3);
  EXPECT_EQ(s.controller.problem().streams[0].min_accuracy, 0.7);
  EXPECT_EQ(s.controller.problem().streams[0].upload_mbit, 160);
  retrain.weight = 1;  // the default: it tells nothing any more
  s.join(retrain);
  s.plan();
  EXPECT_EQ(s.controller.problem().streams[0].weight, 2);
  infer.weight = -1;
  EXPECT_EQ(s.controller.request(infer, s.now).error().message, "weight: -1 is not in (0, 1e6]");
}

}  // namespace
}  // namespace ekya::scheduler
