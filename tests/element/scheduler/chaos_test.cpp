// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "scheduler_bench.h"

namespace ekya::gst::testing {
namespace {

/// An application that answers requests in every wrong way, and now and then in a right one.
class ChaosApp {
 public:
  explicit ChaosApp(unsigned seed) : random_(seed) {}

  GstBusSyncReply on_message(GstMessage* message) {
    GstPromise* promise = promise_of(message);
    if (!promise) return GST_BUS_PASS;
    switch (random_() % 4) {
      case 0:
        gst_promise_reply(promise, answer());
        break;
      case 1:
        later_.emplace_back(gst_promise_ref(promise));
        break;
      default:
        break;
    }
    return random_() % 8 ? GST_BUS_PASS : GST_BUS_DROP;
  }

  /// Answers old questions, in another order than they were asked.
  void answer_late() {
    std::shuffle(later_.begin(), later_.end(), random_);
    for (const auto& promise : later_) gst_promise_reply(promise.get(), answer());
    later_.clear();
  }

  GstStructure* answer() {
    GstStructure* answer = gst_structure_new_empty(random_() % 8 ? "ekya-share-grant" : "nonsense");
    const double shares[] = {0, 0.1, 0.3, 1, -1, 1e308, -1e308, std::nan(""), std::numeric_limits<double>::infinity()};
    switch (random_() % 8) {
      case 0:
        gst_structure_set(answer, "share", G_TYPE_STRING, "all of it", nullptr);
        break;
      case 1:
        gst_structure_set(answer, "share", G_TYPE_INT, 1, nullptr);
        break;
      case 2:
        gst_structure_set(answer, "share", G_TYPE_STRING, std::string(1 << 20, 'x').c_str(), nullptr);
        break;
      default:
        gst_structure_set(answer, "share", G_TYPE_DOUBLE, shares[random_() % std::size(shares)], "plan", G_TYPE_UINT64,
                          guint64{random_()}, "stream-id", G_TYPE_STRING, "unknown", nullptr);
    }
    return answer;
  }

  /// Orders for streams that may not exist, with shares that may not be.
  void give_orders(GstElement* scheduler) {
    const char* streams[] = {"cam0", "cam1", "cam2", "nobody", "../x", ""};
    const double shares[] = {0, 0.2, 0.5, 1, -1, 2, 1e308, std::nan("")};
    const char* stream = streams[random_() % std::size(streams)];
    const double share = shares[random_() % std::size(shares)];
    gboolean done = FALSE;
    switch (random_() % 5) {
      case 0:
        g_signal_emit_by_name(scheduler, "pin-share", stream, random_() % 3, share, &done);
        break;
      case 1:
        g_signal_emit_by_name(scheduler, "cap-share", stream, random_() % 3, share, &done);
        break;
      case 2:
        g_signal_emit_by_name(scheduler, "exclude-stream", stream, random_() % 2, &done);
        break;
      case 3:
        g_signal_emit_by_name(scheduler, "veto-plan", guint64{random_() % 100}, &done);
        break;
      default:
        g_signal_emit_by_name(scheduler, "replan", std::string(1 << 12, 'r').c_str());
    }
  }

  /// A foreign request, most likely a wrong one.
  void post_request(GstElement* from) {
    StructurePtr request = inference_request("cam" + std::to_string(random_() % 5), 0.4, "guest");
    const char* fields[] = {"stream-id", "kind", "client", "configs", "accuracy", "reason", "reply"};
    const char* field = fields[random_() % std::size(fields)];
    switch (random_() % 5) {
      case 0:
        gst_structure_remove_field(request.get(), field);
        break;
      case 1:
        gst_structure_set(request.get(), field, G_TYPE_DOUBLE, std::nan(""), nullptr);
        break;
      case 2:
        gst_structure_set(request.get(), field, G_TYPE_STRING, std::string(1 << 20, 'y').c_str(), nullptr);
        break;
      case 3:
        gst_structure_set(request.get(), field, G_TYPE_STRING, "<script>\n", nullptr);
        break;
      default:
        break;
    }
    gst_element_post_message(from, gst_message_new_element(GST_OBJECT(from), request.release()));
  }

  unsigned random() { return random_(); }

 private:
  std::mt19937 random_;
  std::vector<MiniPtr<GstPromise>> later_;
};

struct Chaos : public ::testing::TestWithParam<unsigned> {};

// Holds whatever an application says: shares are in [0, 1] and sum to at most the device, and clients go on.
TEST_P(Chaos, NeverBreaksTheSharesNorAClient) {
  ChaosApp app(GetParam());
  const SchedulerPtr shared(gst_ekya_scheduler_new());
  Pipeline pipeline([&](GstMessage* message) { return app.on_message(message); });
  const MiniPtr<GstContext> context(gst_context_new_ekya_scheduler(shared.get()));
  gst_element_set_context(pipeline.get(), context.get());
  GstElement* scheduler = pipeline.add_scheduler();
  g_object_set(scheduler, "window-duration", 0.3, nullptr);
  GstElement* worker = pipeline.add(make_bare_element("worker"));
  ASSERT_EQ(pipeline.set_state(GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  std::vector<ClientPtr> clients;
  for (const char* stream : {"cam0", "cam1", "cam2"}) {
    clients.emplace_back(gst_ekya_client_new(worker, shared.get(), stream, GST_EKYA_CLIENT_INFERENCE));
    clients.emplace_back(gst_ekya_client_new(worker, shared.get(), stream, GST_EKYA_CLIENT_RETRAINING));
  }
  for (std::size_t i = 0; i < clients.size(); ++i)
    ASSERT_TRUE(gst_ekya_client_request(
        clients[i].get(), (i % 2 ? retraining_request("") : inference_request("", 0.3)).release(), nullptr));
  for (int round = 0; round < 300; ++round) {
    const std::size_t i = app.random() % clients.size();
    ASSERT_TRUE(gst_ekya_client_request(
        clients[i].get(), (i % 2 ? retraining_request("") : inference_request("", 0.1 + 0.01 * (round % 50))).release(),
        nullptr))
        << "seed " << GetParam() << ", round " << round;
    app.give_orders(scheduler);
    app.post_request(worker);
    if (round % 20 == 0) app.answer_late();
    for (const auto& client : clients) {
      const double share = gst_ekya_client_get_share(client.get(), nullptr);
      ASSERT_TRUE(share >= 0 && share <= 1) << share << ", seed " << GetParam();
    }
  }
  EXPECT_LT(pipeline.count("WARNING"), 40u) << "warnings of a kind are at most one a minute";
  EXPECT_EQ(pipeline.count("ERROR"), 0u) << pipeline.all();
}

INSTANTIATE_TEST_SUITE_P(Seeds, Chaos, ::testing::Range(1u, 9u));

// What a plan hands out, and what grants between plans add up to, as seen by somebody who only listens.
TEST(ChaosGrants, SumToAtMostTheDevice) {
  const SchedulerPtr shared(gst_ekya_scheduler_new());
  std::mt19937 random(7);
  const Ears plans(shared.get(), "plan");
  for (int round = 0; round < 200; ++round) {
    const std::string stream = "cam" + std::to_string(random() % 6);
    if (random() % 4 == 0)
      gst_ekya_scheduler_leave(shared.get(), stream.c_str(), GST_EKYA_CLIENT_INFERENCE, "infer");
    else
      outcome(shared.get(), inference_request(stream, 0.1 + 0.1 * (random() % 9)).get());
    if (random() % 3 == 0) outcome(shared.get(), retraining_request(stream).get());
    if (random() % 8 == 0) gst_ekya_scheduler_replan(shared.get(), "chaos");
    if (round % 50 != 49) continue;
    // Changes that come together share a plan: now and then wait for one.
    const std::size_t heard = plans.heard().size();
    gst_ekya_scheduler_replan(shared.get(), "wait");
    ASSERT_TRUE(eventually([&] { return plans.heard().size() > heard; }));
  }
  for (const std::string& heard : plans.heard()) {
    const StructurePtr plan = structure(heard);
    const GValue* streams = gst_structure_get_value(plan.get(), "streams");
    ASSERT_NE(streams, nullptr);
    double sum = 0;
    for (guint i = 0; i < gst_value_list_get_size(streams); ++i) {
      const GstStructure* stream = gst_value_get_structure(gst_value_list_get_value(streams, i));
      for (const char* share : {"inference-share", "labelling-share", "retraining-share"}) {
        EXPECT_GE(number(stream, share), 0);
        sum += number(stream, share);
      }
    }
    EXPECT_LE(sum, 1 + 1e-6) << heard;
  }
}

// Replying twice to a promise is a mistake that GStreamer itself tells of; it must not hurt the client.
TEST(ChaosAnswers, GivenTwiceCountOnce) {
  const GLogLevelFlags fatal = g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
  const GLogFunc quiet = [](const gchar*, GLogLevelFlags, const gchar*, gpointer) {};
  const GLogFunc before = g_log_set_default_handler(quiet, nullptr);
  const SchedulerPtr shared(gst_ekya_scheduler_new());
  Pipeline pipeline([&](GstMessage* message) {
    if (GstPromise* promise = promise_of(message))
      for (const double share : {0.2, 0.6})
        gst_promise_reply(promise, gst_structure_new("ekya-share-grant", "share", G_TYPE_DOUBLE, share, nullptr));
    return GST_BUS_PASS;
  });
  const ClientPtr client(
      gst_ekya_client_new(pipeline.add(make_bare_element("worker")), shared.get(), "cam0", GST_EKYA_CLIENT_INFERENCE));
  EXPECT_TRUE(gst_ekya_client_request(client.get(), inference_request("", 0.8).release(), nullptr));
  EXPECT_TRUE(eventually([&] { return std::abs(gst_ekya_client_get_share(client.get(), nullptr) - 0.2) < 1e-9; }));
  g_log_set_default_handler(before, nullptr);
  g_log_set_always_fatal(fatal);
}

}  // namespace
}  // namespace ekya::gst::testing
