// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "ekya/scheduler/policy.h"
#include "scheduler_bench.h"

namespace ekya::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Shares of the newest grant of each client that the ears heard, by client.
std::map<std::string, double> shares(const Ears& ears) {
  std::map<std::string, double> newest;
  for (const std::string& heard : ears.heard()) {
    const StructurePtr grant = structure(heard);
    newest[text(grant.get(), "stream-id") + "/" + text(grant.get(), "kind")] = number(grant.get(), "share");
  }
  return newest;
}

double sum(const std::map<std::string, double>& shares) {
  double total = 0;
  for (const auto& [who, share] : shares) total += share;
  return total;
}

TEST(SharedScheduler, IsTheSameForAGroupAsLongAsSomebodyHoldsIt) {
  SchedulerPtr one(gst_ekya_scheduler_get_for_group("north"));
  const SchedulerPtr same(gst_ekya_scheduler_get_for_group("north"));
  const SchedulerPtr other(gst_ekya_scheduler_get_for_group("south"));
  const SchedulerPtr unnamed(gst_ekya_scheduler_get_for_group(nullptr));
  const SchedulerPtr empty(gst_ekya_scheduler_get_for_group(""));
  EXPECT_EQ(one, same);
  EXPECT_NE(one, other);
  EXPECT_EQ(unnamed, empty);
  EXPECT_EQ(G_OBJECT(one.get())->ref_count, 2u) << "the registry holds a reference";
}

TEST(SharedScheduler, KeepsItsPolicyAndNamesTheKnownOnesWhenAskedForAnother) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  GError* error = nullptr;
  EXPECT_FALSE(gst_ekya_scheduler_set_policy(scheduler.get(), "steal", &error));
  const ErrorPtr owner(error);
  ASSERT_NE(error, nullptr);
  EXPECT_THAT(error->message, AllOf(HasSubstr("steal"), HasSubstr("thief"), HasSubstr("uniform")));
  EXPECT_TRUE(g_error_matches(error, GST_EKYA_ERROR, GST_EKYA_ERROR_NOT_FOUND) ||
              g_error_matches(error, GST_EKYA_ERROR, GST_EKYA_ERROR_INVALID));
  g_object_set(scheduler.get(), "policy", "steal", nullptr);
  gchar* policy = nullptr;
  g_object_get(scheduler.get(), "policy", &policy, nullptr);
  const StringPtr name(policy);
  EXPECT_STREQ(policy, ekya::scheduler::kDefaultPolicy);
}

TEST(SharedScheduler, TellsWhyAnOptionIsRefused) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const auto refusal = [&](const char* name, const GValue* value) -> std::string {
    GError* error = nullptr;
    if (gst_ekya_scheduler_set_option(scheduler.get(), name, value, &error)) return "set";
    const ErrorPtr owner(error);
    return error->message;
  };
  GValue text = G_VALUE_INIT, number = G_VALUE_INIT;
  g_value_init(&text, G_TYPE_STRING);
  g_value_set_static_string(&text, "0.5");
  g_value_init(&number, G_TYPE_DOUBLE);
  g_value_set_double(&number, -0.5);
  EXPECT_EQ(refusal("colour", &text), "there is no property colour");
  EXPECT_EQ(refusal("risk", &text), "property risk: is a gchararray, not a double");
  EXPECT_EQ(refusal("devices", &number), "property devices: is a gdouble, not a string");
  EXPECT_EQ(refusal("risk", &number), "property risk: kappa: -0.5 is not >= 0 and finite");
  EXPECT_EQ(refusal("throughput-curve", &text), "property throughput-curve: '0.5' is not a point SHARE:SPEED");
  EXPECT_EQ(refusal("devices", &text), "set");
  g_value_unset(&text);
}

TEST(SharedScheduler, GrantsAForeignClientAndTellsLaterGrantsBySignal) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears grants(scheduler.get(), "grant");
  const StructurePtr grant(gst_ekya_scheduler_request(scheduler.get(), inference_request("cam0", 0.5).get(), nullptr));
  EXPECT_EQ(text(grant.get(), "stream-id"), "cam0");
  EXPECT_EQ(text(grant.get(), "kind"), "inference");
  EXPECT_EQ(text(grant.get(), "client"), "infer");
  EXPECT_EQ(text(grant.get(), "device"), "cpu");
  EXPECT_GT(number(grant.get(), "share"), 0);
  ASSERT_EQ(outcome(scheduler.get(), retraining_request("cam0").get()), "granted");
  EXPECT_TRUE(eventually([&] { return shares(grants)["cam0/retraining"] > 0; }));
  EXPECT_LE(sum(shares(grants)), 1 + 1e-9);
}

TEST(SharedScheduler, HasOneRetrainerAStream) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  ASSERT_EQ(outcome(scheduler.get(), retraining_request("cam0", "one").get()), "granted");
  EXPECT_THAT(outcome(scheduler.get(), retraining_request("cam0", "two").get()), HasSubstr("cam0"));
  gst_ekya_scheduler_leave(scheduler.get(), "cam0", GST_EKYA_CLIENT_RETRAINING, "one");
  EXPECT_EQ(outcome(scheduler.get(), retraining_request("cam0", "two").get()), "granted");
}

TEST(SharedScheduler, GivesTheShareOfAStreamThatLeavesToTheOthers) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears grants(scheduler.get(), "grant");
  for (const char* stream : {"cam0", "cam1"})
    ASSERT_EQ(outcome(scheduler.get(), inference_request(stream, 0.8).get()), "granted");
  ASSERT_TRUE(eventually([&] { return shares(grants)["cam1/inference"] > 0 && sum(shares(grants)) <= 1 + 1e-9; }));
  const double before = shares(grants)["cam1/inference"];
  gst_ekya_scheduler_leave(scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE, "infer");
  EXPECT_TRUE(eventually([&] { return shares(grants)["cam1/inference"] > before + 0.1; }));
}

TEST(SharedScheduler, HoldsPinsAndCapsAndLiftsThem) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears grants(scheduler.get(), "grant");
  const auto pin = [&](double share, GError** error = nullptr) {
    return gst_ekya_scheduler_pin_share(scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE, share, error);
  };
  ASSERT_EQ(outcome(scheduler.get(), inference_request("cam0", 0.5).get()), "granted");
  const auto share_is = [&](double share) {
    return eventually([&] { return std::abs(shares(grants)["cam0/inference"] - share) < 1e-9; });
  };
  ASSERT_TRUE(pin(0.3));
  EXPECT_TRUE(share_is(0.3));
  ASSERT_TRUE(pin(-1));
  EXPECT_TRUE(eventually([&] { return shares(grants)["cam0/inference"] > 0.4; }));
  ASSERT_TRUE(gst_ekya_scheduler_cap_share(scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE, 0.2, nullptr));
  EXPECT_TRUE(share_is(0.2));
  for (const double wrong : {1.5, -0.5, std::nan(""), 1e308}) {
    GError* error = nullptr;
    EXPECT_FALSE(pin(wrong, &error));
    const ErrorPtr owner(error);
    EXPECT_TRUE(g_error_matches(error, GST_EKYA_ERROR, GST_EKYA_ERROR_INVALID));
  }
}

TEST(SharedScheduler, RefusesPinsThatSumToMoreThanTheDevice) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  EXPECT_TRUE(gst_ekya_scheduler_pin_share(scheduler.get(), "a", GST_EKYA_CLIENT_INFERENCE, 0.7, nullptr));
  EXPECT_FALSE(gst_ekya_scheduler_pin_share(scheduler.get(), "b", GST_EKYA_CLIENT_INFERENCE, 0.7, nullptr));
  EXPECT_TRUE(gst_ekya_scheduler_pin_share(scheduler.get(), "b", GST_EKYA_CLIENT_INFERENCE, 0.3, nullptr));
}

TEST(SharedScheduler, RetrainsNothingOfAnExcludedStream) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears grants(scheduler.get(), "grant");
  ASSERT_EQ(outcome(scheduler.get(), retraining_request("cam0").get()), "granted");
  ASSERT_TRUE(eventually([&] { return shares(grants)["cam0/retraining"] > 0; }));
  ASSERT_TRUE(gst_ekya_scheduler_exclude_stream(scheduler.get(), "cam0", TRUE, nullptr));
  EXPECT_TRUE(eventually([&] { return shares(grants)["cam0/retraining"] == 0; }));
  ASSERT_TRUE(gst_ekya_scheduler_exclude_stream(scheduler.get(), "cam0", FALSE, nullptr));
  EXPECT_TRUE(eventually([&] { return shares(grants)["cam0/retraining"] > 0; }));
  EXPECT_FALSE(gst_ekya_scheduler_exclude_stream(scheduler.get(), "a/b", TRUE, nullptr));
}

TEST(SharedScheduler, GoesBackToThePlanBeforeAVetoedOne) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears plans(scheduler.get(), "plan");
  EXPECT_FALSE(gst_ekya_scheduler_veto_plan(scheduler.get(), 1, nullptr)) << "nothing is in force yet";
  ASSERT_EQ(outcome(scheduler.get(), inference_request("cam0", 0.5).get()), "granted");
  ASSERT_TRUE(eventually([&] { return plans.heard().size() == 1; }));
  gst_ekya_scheduler_replan(scheduler.get(), "because\nI say so");
  ASSERT_TRUE(eventually([&] { return plans.heard().size() == 2; }));
  EXPECT_THAT(plans.heard().back(), AllOf(HasSubstr("because"), Not(HasSubstr("\n"))));
  EXPECT_FALSE(gst_ekya_scheduler_veto_plan(scheduler.get(), 1, nullptr)) << "it is not in force any more";
  EXPECT_TRUE(gst_ekya_scheduler_veto_plan(scheduler.get(), 2, nullptr));
  EXPECT_TRUE(eventually([&] { return plans.count("veto") == 1; }));
}

TEST(SharedScheduler, ExplainsAndTellsWhatItPlans) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  const Ears plans(scheduler.get(), "plan");
  ASSERT_EQ(outcome(scheduler.get(), inference_request("cam0", 0.5).get()), "granted");
  ASSERT_TRUE(eventually([&] { return plans.heard().size() == 1; }));
  EXPECT_THAT(plans.heard()[0], AllOf(HasSubstr(std::string("policy=(string)") + ekya::scheduler::kDefaultPolicy),
                                      HasSubstr("reason=(string)join"), HasSubstr("mean-accuracy=(double)"),
                                      HasSubstr("decision-ms=(double)"), HasSubstr("expected-accuracy"),
                                      HasSubstr("floors-missed"), HasSubstr("explanation=(string)\"plan\\ 1\\ by")));
  const StructurePtr plan = structure(plans.heard()[0]);
  EXPECT_NEAR(number(plan.get(), "upper-bound") - number(plan.get(), "mean-accuracy"), number(plan.get(), "gap"),
              1e-12);
  const StringPtr why(gst_ekya_scheduler_explain(scheduler.get()));
  EXPECT_THAT(why.get(), HasSubstr("cam0"));
}

TEST(SharedScheduler, TellsWhereAndWhenEachJobRuns) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  g_object_set(scheduler.get(), "devices", "gpu0", "policy", "phased", nullptr);
  const Ears plans(scheduler.get(), "plan");
  ASSERT_EQ(outcome(scheduler.get(), retraining_request("cam0").get()), "granted");
  ASSERT_TRUE(eventually([&] { return plans.heard().size() == 1; }));
  const StructurePtr plan = structure(plans.heard()[0]);
  const GValue* streams = gst_structure_get_value(plan.get(), "streams");
  const GstStructure* stream = gst_value_get_structure(gst_value_list_get_value(streams, 0));
  EXPECT_EQ(text(stream, "device"), "gpu0");
  EXPECT_EQ(text(stream, "retraining-device"), "gpu0");
  guint64 begin = 0, end = 0;
  ASSERT_TRUE(gst_structure_get_uint64(stream, "begin", &begin) && gst_structure_get_uint64(stream, "end", &end));
  EXPECT_EQ(end - begin, 10 * GST_SECOND) << "10 s of work on a whole device";
}

TEST(SharedScheduler, OpensAndClosesWindowsInOrder) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  g_object_set(scheduler.get(), "window-duration", 0.2, nullptr);
  const Ears windows(scheduler.get(), "window");
  ASSERT_EQ(outcome(scheduler.get(), inference_request("cam0", 0.5).get()), "granted");
  ASSERT_TRUE(eventually([&] { return windows.count("closed") >= 3; }));
  const auto heard = windows.heard();
  guint64 end = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const StructurePtr window = structure(heard[i]);
    guint64 number = 0, begin = 0, until = 0;
    ASSERT_TRUE(gst_structure_get_uint64(window.get(), "window", &number));
    ASSERT_TRUE(gst_structure_get_uint64(window.get(), "begin", &begin));
    ASSERT_TRUE(gst_structure_get_uint64(window.get(), "end", &until));
    EXPECT_EQ(text(window.get(), "state"), i % 2 ? "closed" : "opened");
    EXPECT_EQ(number, i / 2 + 1);
    EXPECT_THAT(heard[i], HasSubstr(i % 2 ? "cam0" : "opened"));
    EXPECT_LE(i % 2 ? 0 : end, begin) << "windows overlap";
    end = until;
  }
  EXPECT_LE(end, static_cast<guint64>(g_get_monotonic_time()) * 1000 + 400 * GST_MSECOND) << "the clock is another one";
}

TEST(SharedScheduler, TracesEveryStepWithTheProblemThatAPlanSolves) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  struct Lines {
    Mutex mutex;
    std::vector<nlohmann::json> lines;
  } trace;
  const auto keep = +[](gpointer, const gchar* line, gpointer to) {
    MutexLock lock(static_cast<Lines*>(to)->mutex);
    static_cast<Lines*>(to)->lines.push_back(nlohmann::json::parse(line));
  };
  const gulong handler = g_signal_connect(scheduler.get(), "trace", G_CALLBACK(keep), &trace);
  const auto has = [&](const char* type) {
    return eventually([&] {
      MutexLock lock(trace.mutex);
      return std::any_of(trace.lines.begin(), trace.lines.end(), [&](auto& line) { return line["type"] == type; });
    });
  };
  ASSERT_EQ(outcome(scheduler.get(), inference_request("cam0", 0.5).get()), "granted");
  ASSERT_EQ(outcome(scheduler.get(), retraining_request("cam0").get()), "granted");
  ASSERT_TRUE(has("request") && has("window") && has("plan") && has("grant"));
  gst_ekya_scheduler_leave(scheduler.get(), "cam0", GST_EKYA_CLIENT_RETRAINING, "retrain");
  ASSERT_TRUE(has("leave"));
  g_signal_handler_disconnect(scheduler.get(), handler);
  MutexLock lock(trace.mutex);
  for (const auto& line : trace.lines) {
    if (line["type"] != "plan" || line["problem"]["streams"].empty()) continue;
    EXPECT_EQ(line["problem"]["streams"][0]["id"], "cam0");
    EXPECT_EQ(line["problem"]["streams"][0]["inference"][0]["id"], "full");
    EXPECT_TRUE(line["plan"]["streams"].is_array());
  }
}

TEST(SharedScheduler, LeavesNoThreadBehind) {
  for (int i = 0; i < 200; ++i) {
    const SchedulerPtr scheduler(gst_ekya_scheduler_new());
    ASSERT_EQ(outcome(scheduler.get(), inference_request("cam0", 0.5).get()), "granted");
  }
  EXPECT_EQ(threads_named("ekya-scheduler"), 0);
}

TEST(SharedScheduler, EndsItsThreadWithTheLastClientAndStartsItAgainWithTheNext) {
  const SchedulerPtr scheduler(gst_ekya_scheduler_new());
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(outcome(scheduler.get(), inference_request("cam0", 0.5).get()), "granted");
    EXPECT_TRUE(eventually([] { return threads_named("ekya-scheduler") == 1; }));
    gst_ekya_scheduler_leave(scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE, "infer");
    EXPECT_TRUE(eventually([] { return threads_named("ekya-scheduler") == 0; }));
  }
}

// The last reference goes in the scheduler's own thread, which cannot wait for itself.
TEST(SharedScheduler, MayDieInAHandlerOfItsOwn) {
  for (int i = 0; i < 20; ++i) {
    GstEkyaScheduler* scheduler = gst_ekya_scheduler_new();
    std::atomic<bool> died{false};
    g_object_weak_ref(
        G_OBJECT(scheduler), [](gpointer flag, GObject*) { *static_cast<std::atomic<bool>*>(flag) = true; }, &died);
    const auto drop = +[](GstEkyaScheduler* self, const GstStructure*, gpointer) {
      g_signal_handlers_disconnect_matched(self, G_SIGNAL_MATCH_DATA, 0, 0, nullptr, nullptr, nullptr);
      gst_object_unref(self);
    };
    g_signal_connect(scheduler, "plan", G_CALLBACK(drop), nullptr);
    ASSERT_EQ(outcome(scheduler, inference_request("cam0", 0.5).get()), "granted");
    ASSERT_TRUE(eventually([&] { return died.load(); }));
  }
  EXPECT_TRUE(eventually([] { return threads_named("ekya-scheduler") == 0; }));
}

}  // namespace
}  // namespace ekya::gst::testing
