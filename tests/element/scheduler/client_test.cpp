// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "scheduler_bench.h"

namespace ekya::gst::testing {
namespace {

using ::testing::HasSubstr;

ClientPtr client_of(GstElement* element, GstEkyaScheduler* scheduler, const char* stream, GstEkyaClientKind kind) {
  return ClientPtr(gst_ekya_client_new(element, scheduler, stream, kind));
}

/// "granted" or the error's message.
std::string ask(const ClientPtr& client, StructurePtr request) {
  GError* error = nullptr;
  const bool granted = gst_ekya_client_request(client.get(), request.release(), &error);
  const ErrorPtr owner(error);
  return granted ? "granted" : error ? error->message : "refused without an error";
}

double share(const ClientPtr& client) { return gst_ekya_client_get_share(client.get(), nullptr); }

struct Bare : public ::testing::Test {
  const SchedulerPtr scheduler{gst_ekya_scheduler_new()};
  const ObjectPtr<GstElement> element{GST_ELEMENT(gst_object_ref_sink(make_bare_element("worker")))};
};

using Client = Bare;

TEST_F(Client, WorksForAnElementWithoutAPipeline) {
  const ClientPtr client = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE);
  EXPECT_EQ(gst_ekya_client_get_grant(client.get()), nullptr);
  EXPECT_DOUBLE_EQ(share(client), 0.1) << "something to show before the first grant";
  guint before = 0, after = 0;
  gst_ekya_client_get_share(client.get(), &before);
  EXPECT_EQ(ask(client, inference_request("ignored", 0.5)), "granted");
  const StructurePtr grant(gst_ekya_client_get_grant(client.get()));
  EXPECT_EQ(text(grant.get(), "stream-id"), "cam0");
  EXPECT_EQ(text(grant.get(), "client"), "worker");
  EXPECT_DOUBLE_EQ(share(client), number(grant.get(), "share"));
  gst_ekya_client_get_share(client.get(), &after);
  EXPECT_NE(before, after);
}

TEST_F(Client, OutlivesItsElement) {
  ClientPtr client;
  {
    const ObjectPtr<GstElement> gone(GST_ELEMENT(gst_object_ref_sink(make_bare_element("gone"))));
    client = client_of(gone.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE);
  }
  EXPECT_EQ(ask(client, inference_request("", 0.5)), "granted");
}

TEST_F(Client, IsRefusedWithTheFieldsNameAndKeepsItsDefault) {
  const ClientPtr client = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_LABELLING);
  EXPECT_THAT(ask(client, structure("x, demand=(string)much;")), HasSubstr("field demand"));
  EXPECT_EQ(share(client), 0);
  const ClientPtr badly_named = client_of(element.get(), scheduler.get(), "../x", GST_EKYA_CLIENT_LABELLING);
  EXPECT_THAT(ask(badly_named, labelling_request("", 0.1)), HasSubstr("stream-id"));
}

TEST_F(Client, GetsANameOfItsOwnWhenTheElementsIsTaken) {
  const ObjectPtr<GstElement> twin(GST_ELEMENT(gst_object_ref_sink(make_bare_element("worker"))));
  const ClientPtr one = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE);
  const ClientPtr two = client_of(twin.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE);
  ASSERT_EQ(ask(one, inference_request("", 0.5)), "granted");
  ASSERT_EQ(ask(two, inference_request("", 0.5)), "granted");
  const StructurePtr grant(gst_ekya_client_get_grant(two.get()));
  EXPECT_EQ(text(grant.get(), "client"), "worker-2");
}

TEST_F(Client, CannotBeImpersonated) {
  const ClientPtr client = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE);
  ASSERT_EQ(ask(client, inference_request("", 0.5)), "granted");
  EXPECT_THAT(outcome(scheduler.get(), inference_request("cam0", 0.01, "worker").get()), HasSubstr("worker"));
  gst_ekya_scheduler_leave(scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE, "worker");
  EXPECT_EQ(ask(client, inference_request("", 0.5)), "granted");
}

TEST_F(Client, IsRefusedAsSecondRetrainerOfAStream) {
  const ClientPtr one = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_RETRAINING);
  ClientPtr two = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_RETRAINING);
  ASSERT_EQ(ask(one, retraining_request("")), "granted");
  EXPECT_THAT(ask(two, retraining_request("")), HasSubstr("cam0"));
  gst_ekya_client_leave(one.get());
  EXPECT_EQ(ask(two, retraining_request("")), "granted");
}

TEST_F(Client, HearsEachNewGrantOnce) {
  const ClientPtr client = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_RETRAINING);
  const Ears grants(client.get(), "granted");
  ASSERT_EQ(ask(client, retraining_request("")), "granted");
  ASSERT_TRUE(eventually([&] { return grants.count("config=(string)e5") == 1 && share(client) > 0; }));
  const std::size_t heard = grants.heard().size();
  ASSERT_EQ(ask(client, retraining_request("")), "granted");
  gst_ekya_scheduler_replan(scheduler.get(), "again");
  const Ears plans(scheduler.get(), "plan");
  gst_ekya_scheduler_replan(scheduler.get(), "and again");
  ASSERT_TRUE(eventually([&] { return !plans.heard().empty(); }));
  EXPECT_EQ(grants.heard().size(), heard) << "the same terms are no news";
}

TEST_F(Client, GivesItsShareToOthersWhenItLeavesAndOnlyFailsThen) {
  ClientPtr one = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_INFERENCE);
  const ClientPtr two = client_of(element.get(), scheduler.get(), "cam1", GST_EKYA_CLIENT_INFERENCE);
  ASSERT_EQ(ask(one, inference_request("", 0.8)), "granted");
  ASSERT_EQ(ask(two, inference_request("", 0.8)), "granted");
  const Ears grants(two.get(), "granted");
  const double before = share(two);
  EXPECT_LE(before + share(one), 1 + 1e-9) << "the first one gave way too late";
  gst_ekya_client_leave(one.get());
  EXPECT_TRUE(eventually([&] { return share(two) > before; }));
  EXPECT_NE(ask(one, inference_request("", 0.8)), "granted");
  EXPECT_FALSE(gst_ekya_client_begin_work(one.get(), GST_CLOCK_TIME_NONE));
  EXPECT_EQ(gst_ekya_client_get_received_share(one.get()), 0);
  gst_ekya_client_leave(one.get());
}

TEST_F(Client, TakesLeasesUnderItsGrant) {
  const ClientPtr client = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_RETRAINING);
  EXPECT_FALSE(gst_ekya_client_begin_work(client.get(), 10 * GST_MSECOND)) << "nothing is granted yet";
  ASSERT_EQ(ask(client, retraining_request("")), "granted");
  ASSERT_TRUE(eventually([&] { return share(client) > 0; }));
  ASSERT_TRUE(gst_ekya_client_begin_work(client.get(), GST_SECOND));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  gst_ekya_client_end_work(client.get());
  EXPECT_GT(gst_ekya_client_get_received_share(client.get()), 0);
}

TEST_F(Client, IsWokenByAnInterruptAndWorksAfterIt) {
  const ClientPtr client = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_RETRAINING);
  std::atomic<int> result{-1};
  std::thread waiter([&] { result = gst_ekya_client_begin_work(client.get(), GST_CLOCK_TIME_NONE); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(result, -1) << "without a share there is nothing to begin";
  gst_ekya_client_set_interrupted(client.get(), TRUE);
  waiter.join();
  EXPECT_EQ(result, FALSE);
  gst_ekya_client_set_interrupted(client.get(), FALSE);
  ASSERT_EQ(ask(client, retraining_request("")), "granted");
  ASSERT_TRUE(eventually([&] { return share(client) > 0; }));
  EXPECT_TRUE(gst_ekya_client_begin_work(client.get(), GST_SECOND));
  gst_ekya_client_end_work(client.get());
}

TEST_F(Client, IsWokenWhenItLeaves) {
  const ClientPtr client = client_of(element.get(), scheduler.get(), "cam0", GST_EKYA_CLIENT_RETRAINING);
  std::thread waiter([&] { EXPECT_FALSE(gst_ekya_client_begin_work(client.get(), GST_CLOCK_TIME_NONE)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  gst_ekya_client_leave(client.get());
  waiter.join();
}

TEST_F(Client, LeavesNoThreadAndNoSchedulerBehind) {
  for (int i = 0; i < 200; ++i) {
    const SchedulerPtr own(gst_ekya_scheduler_new());
    const ClientPtr client = client_of(element.get(), own.get(), "cam0", GST_EKYA_CLIENT_INFERENCE);
    ASSERT_EQ(ask(client, inference_request("", 0.5)), "granted");
  }
  EXPECT_EQ(threads_named("ekya-scheduler"), 0);
}

/// An element in a pipeline whose application answers requests as the test says.
class Answering : public ::testing::Test {
 protected:
  using Answer = std::function<StructurePtr()>;

  void answer_with(Answer answer) { answer_ = std::move(answer); }

  ClientPtr client(GstEkyaClientKind kind = GST_EKYA_CLIENT_INFERENCE) {
    return client_of(element, scheduler.get(), "cam0", kind);
  }

  GstBusSyncReply on_message(GstMessage* message) {
    GstPromise* promise = promise_of(message);
    if (promise && answer_)
      if (StructurePtr answer = answer_()) gst_promise_reply(promise, answer.release());
    if (promise) kept.reset(gst_promise_ref(promise));
    return reply;
  }

  Answer answer_;
  MiniPtr<GstPromise> kept;
  GstBusSyncReply reply = GST_BUS_PASS;
  Pipeline pipeline{[this](GstMessage* message) { return on_message(message); }};
  GstElement* element = pipeline.add(make_bare_element("worker"));
  const SchedulerPtr scheduler{gst_ekya_scheduler_new()};
};

using ClientOnABus = Answering;

TEST_F(ClientOnABus, PostsItsRequestWithEveryField) {
  const ClientPtr infer = client();
  StructurePtr request = inference_request("", 0.5);
  ASSERT_EQ(ask(infer, std::move(request)), "granted");
  for (const char* part : {"ekya-share-request", "stream-id=(string)cam0", "kind=(string)inference",
                           "client=(string)worker", "reason=(string)join", "reply=(GstPromise)", "demand"})
    EXPECT_EQ(pipeline.count(part), 1u) << part << " in\n" << pipeline.all();
}

TEST_F(ClientOnABus, IsGrantedWhenAHandlerDropsTheMessage) {
  reply = GST_BUS_DROP;
  EXPECT_EQ(ask(client(), inference_request("", 0.5)), "granted");
}

TEST_F(ClientOnABus, GetsTheShareThatAnApplicationAnswersUntilItLeaves) {
  answer_with([] { return structure("ekya-share-grant, share=(double)0.25;"); });
  const ClientPtr infer = client();
  ASSERT_EQ(ask(infer, inference_request("", 0.8)), "granted");
  EXPECT_TRUE(eventually([&] { return std::abs(share(infer) - 0.25) < 1e-9; }));
  answer_with({});
  ASSERT_EQ(ask(infer, inference_request("", 0.9)), "granted");
  gst_ekya_client_leave(infer.get());
  const ClientPtr next = client();
  ASSERT_EQ(ask(next, inference_request("", 0.8)), "granted");
  EXPECT_TRUE(eventually([&] { return share(next) > 0.5; })) << "the pin outlived its client";
}

TEST_F(ClientOnABus, KeepsTheSchedulersGrantWhenAnApplicationAgrees) {
  answer_with([] { return structure("ekya-share-grant;"); });
  const ClientPtr infer = client();
  ASSERT_EQ(ask(infer, inference_request("", 0.8)), "granted");
  EXPECT_GT(share(infer), 0.5);
  EXPECT_EQ(pipeline.count("WARNING"), 0u);
}

TEST_F(ClientOnABus, KeepsTheSchedulersGrantAndWarnsOnceWhenTheAnswerIsWrong) {
  for (const char* answer : {"ekya-share-grant, share=(double)NaN;", "ekya-share-grant, share=(double)-1;",
                             "ekya-share-grant, share=(double)1e308;", "ekya-share-grant, share=(string)half;",
                             "ekya-share-grant, share=(int)1;", "banana, share=(double)0.5;"}) {
    SCOPED_TRACE(answer);
    answer_with([&] { return structure(answer); });
    const std::size_t before = pipeline.count("WARNING");
    const ClientPtr infer = client();
    ASSERT_EQ(ask(infer, inference_request("", 0.8)), "granted");
    ASSERT_EQ(ask(infer, inference_request("", 0.8)), "granted");
    EXPECT_GT(share(infer), 0.5);
    EXPECT_EQ(pipeline.count("WARNING"), before + 1) << pipeline.all();
  }
}

TEST_F(ClientOnABus, KeepsTheSchedulersGrantAndWarnsWhenTheAnswerIsImpossible) {
  ASSERT_TRUE(gst_ekya_scheduler_pin_share(scheduler.get(), "other", GST_EKYA_CLIENT_INFERENCE, 0.9, nullptr));
  answer_with([] { return structure("ekya-share-grant, share=(double)0.5;"); });
  const ClientPtr infer = client();
  ASSERT_EQ(ask(infer, inference_request("", 0.8)), "granted");
  EXPECT_EQ(pipeline.count("cannot be met"), 1u) << pipeline.all();
}

TEST_F(ClientOnABus, IgnoresALateAnswerAndWarns) {
  const ClientPtr infer = client();
  ASSERT_EQ(ask(infer, inference_request("", 0.8)), "granted");
  gst_promise_reply(kept.get(), gst_structure_new("ekya-share-grant", "share", G_TYPE_DOUBLE, 0.1, nullptr));
  EXPECT_EQ(pipeline.count("WARNING An answer to ekya-share-request came after"), 1u) << pipeline.all();
  EXPECT_GT(share(infer), 0.5);
}

TEST_F(ClientOnABus, IgnoresAnAnswerToAnEarlierRequest) {
  const ClientPtr infer = client();
  ASSERT_EQ(ask(infer, inference_request("", 0.8)), "granted");
  const MiniPtr<GstPromise> first(gst_promise_ref(kept.get()));
  ASSERT_EQ(ask(infer, inference_request("", 0.9)), "granted");
  gst_promise_reply(first.get(), gst_structure_new("ekya-share-grant", "share", G_TYPE_DOUBLE, 0.1, nullptr));
  EXPECT_GT(share(infer), 0.5);
}

TEST_F(ClientOnABus, MayAskAgainInItsOwnHandlers) {
  const ClientPtr infer = client();
  int depth = 0;
  answer_with([&]() -> StructurePtr {
    ++depth;
    const std::string nested = depth < 3 ? ask(infer, inference_request("", 0.8)) : "granted";
    EXPECT_EQ(nested, "granted");
    return nullptr;
  });
  EXPECT_EQ(ask(infer, inference_request("", 0.8)), "granted");
  EXPECT_EQ(depth, 3);
}

}  // namespace
}  // namespace ekya::gst::testing
