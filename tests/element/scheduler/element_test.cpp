// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "ekya/scheduler/policy.h"
#include "ekya/scheduler/problem_json.h"
#include "scheduler_bench.h"

namespace ekya::gst::testing {
namespace {

using ::testing::HasSubstr;

/// A foreign element's request: it posts the message and looks at the promise.
class Foreign {
 public:
  explicit Foreign(GstElement* element) : element_(element) {}

  /// The answer as text; empty: none.
  std::string ask(StructurePtr request) {
    const MiniPtr<GstPromise> promise(gst_promise_new());
    gst_structure_set(request.get(), "reply", GST_TYPE_PROMISE, promise.get(), nullptr);
    gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), request.release()));
    gst_promise_interrupt(promise.get());  // So that the wait ends at once where nobody has answered.
    if (gst_promise_wait(promise.get()) != GST_PROMISE_RESULT_REPLIED) return "";
    const StringPtr text(gst_structure_to_string(gst_promise_get_reply(promise.get())));
    return text.get();
  }

 private:
  GstElement* element_;
};

guint64 stat(GstElement* scheduler, const char* field) {
  GstStructure* stats = nullptr;
  g_object_get(scheduler, "stats", &stats, nullptr);
  const StructurePtr owner(stats);
  guint64 value = 0;
  EXPECT_TRUE(gst_structure_get_uint64(stats, field, &value)) << field;
  return value;
}

bool is_active(GstElement* scheduler) {
  GstStructure* stats = nullptr;
  g_object_get(scheduler, "stats", &stats, nullptr);
  const StructurePtr owner(stats);
  gboolean active = FALSE;
  gst_structure_get_boolean(stats, "active", &active);
  return active;
}

ClientPtr join(GstElement* element, const char* stream, double demand) {
  GstEkyaScheduler* scheduler = nullptr;
  gst_ekya_ensure_scheduler(element, &scheduler);
  const SchedulerPtr owner(scheduler);
  ClientPtr client(gst_ekya_client_new(element, scheduler, stream, GST_EKYA_CLIENT_INFERENCE));
  EXPECT_TRUE(gst_ekya_client_request(client.get(), inference_request("", demand).release(), nullptr));
  return client;
}

double share(const ClientPtr& client) { return gst_ekya_client_get_share(client.get(), nullptr); }

struct EkyaScheduler : public ::testing::Test {
  Pipeline pipeline;
  GstElement* scheduler = pipeline.add_scheduler();
  GstElement* worker = pipeline.add(make_bare_element("worker"));

  void play() { ASSERT_EQ(pipeline.set_state(GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS) << pipeline.all(); }
  bool becomes(const ClientPtr& client, double expected) {
    return eventually([&] { return std::abs(share(client) - expected) < 1e-9; });
  }
};

TEST_F(EkyaScheduler, AnswersAForeignElementsRequestAndTellsEverybody) {
  play();
  const std::string answer = Foreign(worker).ask(inference_request("cam0", 0.5));
  for (const char* part : {"ekya-share-grant", "stream-id=(string)cam0", "client=(string)infer", "device=(string)cpu",
                           "config=(string)full"})
    EXPECT_THAT(answer, HasSubstr(part));
  EXPECT_TRUE(eventually([&] {
    return pipeline.count("element ekya-share-grant") >= 1 && pipeline.count("element ekya-plan") == 1 &&
           pipeline.count("element ekya-window, state=(string)opened") == 1;
  })) << pipeline.all();
  EXPECT_EQ(stat(scheduler, "requests"), 1u);
}

TEST_F(EkyaScheduler, NamesAForeignClientAfterItsElementAndTakesItOutWhenThatDies) {
  play();
  {
    const ObjectPtr<GstElement> guest(GST_ELEMENT(gst_object_ref(pipeline.add(make_bare_element("guest")))));
    StructurePtr request = retraining_request("cam0");
    gst_structure_remove_field(request.get(), "client");
    EXPECT_THAT(Foreign(guest.get()).ask(std::move(request)), HasSubstr("client=(string)guest"));
    EXPECT_THAT(Foreign(worker).ask(retraining_request("cam0")), HasSubstr("ekya-share-refusal"));
    gst_bin_remove(GST_BIN(pipeline.get()), guest.get());
    GstBus* bus = gst_element_get_bus(pipeline.get());
    gst_bus_set_flushing(bus, TRUE);  // Messages hold their source.
    gst_bus_set_flushing(bus, FALSE);
    gst_object_unref(bus);
  }
  EXPECT_THAT(Foreign(worker).ask(retraining_request("cam0")), HasSubstr("ekya-share-grant"));
}

TEST_F(EkyaScheduler, RefusesAWrongForeignRequestWithAWarningAndAReason) {
  play();
  StructurePtr request = inference_request("cam0", 0.5);
  gst_structure_set(request.get(), "accuracy", G_TYPE_DOUBLE, 1e308, nullptr);
  EXPECT_THAT(Foreign(worker).ask(std::move(request)), HasSubstr("ekya-share-refusal"));
  EXPECT_EQ(pipeline.count("WARNING ekya-share-request of worker is refused: field accuracy"), 1u) << pipeline.all();
  EXPECT_EQ(stat(scheduler, "refused"), 1u);
}

TEST_F(EkyaScheduler, HearsRequestsThatHaveNoPromiseOrSomethingElseInItsPlace) {
  play();
  StructurePtr request = inference_request("cam0", 0.5);
  gst_structure_set(request.get(), "reply", G_TYPE_STRING, "please", nullptr);
  gst_element_post_message(worker, gst_message_new_element(GST_OBJECT(worker), request.release()));
  EXPECT_TRUE(eventually([&] { return pipeline.count("element ekya-share-grant") >= 1; })) << pipeline.all();
}

TEST_F(EkyaScheduler, LeavesOurOwnClientsToTheApplicationAndTellsTheirGrants) {
  play();
  const ClientPtr client = join(worker, "cam0", 0.5);
  EXPECT_TRUE(eventually([&] { return pipeline.count("element ekya-share-grant") >= 1; }));
  EXPECT_EQ(stat(scheduler, "requests"), 1u);
  EXPECT_EQ(stat(scheduler, "refused"), 0u);
  EXPECT_EQ(pipeline.count("WARNING"), 0u) << pipeline.all();
}

TEST_F(EkyaScheduler, WritesItsPropertiesToTheSharedScheduler) {
  g_object_set(scheduler, "policy", "uniform", "window-duration", 12.0, "quantum", 0.2, "min-accuracy", 0.3,
               "scheduler-group", "properties", nullptr);
  play();
  const SchedulerPtr shared = scheduler_of(scheduler);
  gchar* policy = nullptr;
  gdouble window = 0, quantum = 0, accuracy = 0;
  g_object_get(shared.get(), "policy", &policy, "window-duration", &window, "quantum", &quantum, "min-accuracy",
               &accuracy, nullptr);
  const StringPtr owner(policy);
  EXPECT_STREQ(policy, "uniform");
  EXPECT_EQ(window, 12.0);
  EXPECT_EQ(quantum, 0.2);
  EXPECT_EQ(accuracy, 0.3);
  g_object_set(scheduler, "window-duration", 13.0, nullptr);
  g_object_get(shared.get(), "window-duration", &window, nullptr);
  EXPECT_EQ(window, 13.0);
}

TEST_F(EkyaScheduler, SharesOutTheDevicesThatItIsGiven) {
  g_object_set(scheduler, "devices", "gpu0=0.5/8000,gpu1=0.5", "throughput-curve", "0.25:0.6,1:1", "risk", 1.5,
               "scheduler-group", "devices", nullptr);
  play();
  gchar *devices = nullptr, *curve = nullptr;
  gdouble risk = 0;
  g_object_get(scheduler_of(scheduler).get(), "devices", &devices, "throughput-curve", &curve, "risk", &risk, nullptr);
  const StringPtr devices_owner(devices), curve_owner(curve);
  EXPECT_STREQ(devices, "gpu0=0.5/8000,gpu1=0.5");
  EXPECT_STREQ(curve, "0.25:0.6,1:1");
  EXPECT_EQ(risk, 1.5);
  const ClientPtr one = join(worker, "cam0", 0.5), other = join(worker, "cam1", 0.5);
  EXPECT_TRUE(becomes(one, 0.5) && becomes(other, 0.5)) << "each has a device";
  EXPECT_EQ(pipeline.count("WARNING"), 0u) << pipeline.all();
}

TEST_F(EkyaScheduler, DoesNotStartWithDevicesOrACurveThatCannotBe) {
  const std::array<const char*, 3> rows[] = {
      {"devices", "gpu0=", "ERROR property devices: 'gpu0=' is not a device ID[=CAPACITY][/MEMORY_MB]"},
      {"devices", "gpu0,gpu0", "ERROR property devices: devices[1].id: 'gpu0' is there twice"},
      {"throughput-curve", "0.5:1,0.2:1", "ERROR property throughput-curve: devices[0].throughput[1]: share 0.2"},
  };
  for (const auto& [property, value, error] : rows) {
    Pipeline pipeline;
    GstElement* scheduler = pipeline.add_scheduler();
    g_object_set(scheduler, property, value, nullptr);
    EXPECT_EQ(pipeline.set_state(GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
    EXPECT_EQ(pipeline.count(error), 1u) << pipeline.all();
  }
}

TEST_F(EkyaScheduler, KeepsItsDevicesAndWarnsWhenImpossibleOnesAreSetWhilePlaying) {
  g_object_set(scheduler, "devices", "gpu0", "scheduler-group", "keeps", nullptr);
  play();
  g_object_set(scheduler, "devices", "gpu0=-1", nullptr);
  EXPECT_EQ(pipeline.count("WARNING property devices: devices[0].capacity: -1 is not > 0"), 1u) << pipeline.all();
  gchar* devices = nullptr;
  g_object_get(scheduler, "devices", &devices, nullptr);
  const StringPtr owner(devices);
  EXPECT_STREQ(devices, "gpu0");
}

TEST_F(EkyaScheduler, LeavesWhatNobodySetToTheOtherPipelinesOfItsGroup) {
  const SchedulerPtr shared(gst_ekya_scheduler_get_for_group("modest"));
  g_object_set(shared.get(), "window-duration", 7.0, nullptr);
  g_object_set(scheduler, "scheduler-group", "modest", nullptr);
  play();
  gdouble window = 0;
  g_object_get(shared.get(), "window-duration", &window, nullptr);
  EXPECT_EQ(window, 7.0);
}

TEST_F(EkyaScheduler, DoesNotStartWithAnUnknownPolicy) {
  g_object_set(scheduler, "policy", "steal", nullptr);
  EXPECT_EQ(pipeline.set_state(GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  EXPECT_EQ(pipeline.count("ERROR property policy: policy 'steal' is unknown; use one of phased,"), 1u)
      << pipeline.all();
}

TEST_F(EkyaScheduler, DoesNotPauseWithAPolicyThatTurnedUnknownInReady) {
  ASSERT_EQ(pipeline.set_state(GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
  g_object_set(scheduler, "policy", "steal", nullptr);
  EXPECT_EQ(pipeline.set_state(GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_EQ(pipeline.count("ERROR property policy"), 1u) << pipeline.all();
}

TEST_F(EkyaScheduler, KeepsItsPolicyAndWarnsWhenAnUnknownOneIsSetWhilePlaying) {
  play();
  g_object_set(scheduler, "policy", "steal", nullptr);
  EXPECT_EQ(pipeline.count("WARNING property policy: policy 'steal' is unknown; use one of phased,"), 1u)
      << pipeline.all();
  gchar* policy = nullptr;
  g_object_get(scheduler, "policy", &policy, nullptr);
  const StringPtr owner(policy);
  EXPECT_STREQ(policy, scheduler::kDefaultPolicy);
}

TEST_F(EkyaScheduler, SteersByActionSignals) {
  play();
  const ClientPtr client = join(worker, "cam0", 0.5);
  gboolean done = FALSE;
  g_signal_emit_by_name(scheduler, "pin-share", "cam0", GST_EKYA_CLIENT_INFERENCE, 0.3, &done);
  EXPECT_TRUE(done);
  EXPECT_TRUE(becomes(client, 0.3));
  g_signal_emit_by_name(scheduler, "pin-share", "cam0", GST_EKYA_CLIENT_INFERENCE, -1.0, &done);
  g_signal_emit_by_name(scheduler, "cap-share", "cam0", GST_EKYA_CLIENT_INFERENCE, 0.2, &done);
  EXPECT_TRUE(done);
  EXPECT_TRUE(becomes(client, 0.2));
  g_signal_emit_by_name(scheduler, "exclude-stream", "cam0", TRUE, &done);
  EXPECT_TRUE(done);
  g_signal_emit_by_name(scheduler, "replan", "curiosity");
  EXPECT_TRUE(eventually([&] { return pipeline.count("curiosity") >= 1; }));
  gchar* why = nullptr;
  g_signal_emit_by_name(scheduler, "explain", &why);
  const StringPtr owner(why);
  EXPECT_THAT(why, HasSubstr("cam0"));
  EXPECT_EQ(pipeline.count("WARNING"), 0u) << pipeline.all();
}

TEST_F(EkyaScheduler, RefusesAnImpossibleOrderWithAWarning) {
  play();
  gboolean done = TRUE;
  g_signal_emit_by_name(scheduler, "pin-share", "cam0", GST_EKYA_CLIENT_INFERENCE, 2.0, &done);
  EXPECT_FALSE(done);
  EXPECT_EQ(pipeline.count("WARNING pin-share is refused: pin: 2 is not in [0, 1]"), 1u) << pipeline.all();
  g_signal_emit_by_name(scheduler, "cap-share", "cam0", GST_EKYA_CLIENT_INFERENCE, std::nan(""), &done);
  EXPECT_FALSE(done);
  g_signal_emit_by_name(scheduler, "exclude-stream", nullptr, TRUE, &done);
  EXPECT_FALSE(done);
  g_signal_emit_by_name(scheduler, "veto-plan", guint64{77}, &done);
  EXPECT_FALSE(done);
  EXPECT_EQ(pipeline.count("WARNING veto-plan is refused: plan 77"), 1u) << pipeline.all();
}

TEST_F(EkyaScheduler, TellsCheckpoints) {
  play();
  const StructurePtr checkpoint(gst_structure_new("ekya-checkpoint", "stream-id", G_TYPE_STRING, "cam0", "path",
                                                  G_TYPE_STRING, "/x", "generation", G_TYPE_UINT64, guint64{3},
                                                  "status", G_TYPE_STRING, "published", nullptr));
  ASSERT_TRUE(gst_ekya_scheduler_publish_checkpoint(scheduler_of(scheduler).get(), checkpoint.get(), nullptr));
  EXPECT_EQ(pipeline.count("element ekya-checkpoint"), 1u);
}

TEST_F(EkyaScheduler, MayBeRemovedWhileItsClientsGoOn) {
  play();
  const ClientPtr one = join(worker, "cam0", 0.8);
  const ObjectPtr<GstElement> removed(GST_ELEMENT(gst_object_ref(scheduler)));
  ASSERT_TRUE(gst_bin_remove(GST_BIN(pipeline.get()), scheduler));
  EXPECT_EQ(Foreign(worker).ask(inference_request("cam9", 0.1)), "") << "a removed element listens";
  gst_element_set_state(removed.get(), GST_STATE_NULL);
  const ClientPtr two = join(pipeline.add(make_bare_element("two")), "cam1", 0.8);
  EXPECT_TRUE(eventually([&] { return share(two) > 0.3 && share(one) + share(two) <= 1 + 1e-9; }));
}

TEST_F(EkyaScheduler, MayBeAddedWhilePlayingAndRestarted) {
  gst_bin_remove(GST_BIN(pipeline.get()), scheduler);
  play();
  const ClientPtr client = join(worker, "cam0", 0.8);
  scheduler = pipeline.add_scheduler("late");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(gst_element_sync_state_with_parent(scheduler));
    EXPECT_EQ(scheduler_of(scheduler), SchedulerPtr(gst_ekya_scheduler_get_for_group(nullptr)));
    const std::size_t before = pipeline.count("element ekya-plan");
    gst_ekya_scheduler_replan(scheduler_of(scheduler).get(), "look");
    EXPECT_TRUE(eventually([&] { return pipeline.count("element ekya-plan") > before; })) << i;
    gst_element_set_state(scheduler, GST_STATE_NULL);
  }
  EXPECT_GT(share(client), 0.5);
}

TEST_F(EkyaScheduler, StaysSilentBesideOneWithALowerNameUntilThatIsGone) {
  g_object_set(scheduler, "window-duration", 11.0, nullptr);
  GstElement* first = pipeline.add_scheduler("a-first");
  g_object_set(first, "window-duration", 9.0, nullptr);
  play();
  EXPECT_EQ(pipeline.count("WARNING There are two ekyascheduler elements in this pipeline: a-first decides and "
                           "scheduler stays silent"),
            1u)
      << pipeline.all();
  EXPECT_TRUE(is_active(first));
  EXPECT_FALSE(is_active(scheduler));
  const ClientPtr client = join(worker, "cam0", 0.5);
  ASSERT_TRUE(eventually([&] { return pipeline.count("element ekya-plan") == 1; })) << pipeline.all();
  gdouble window = 0;
  g_object_get(scheduler_of(first).get(), "window-duration", &window, nullptr);
  EXPECT_EQ(window, 9.0);

  gst_element_set_state(first, GST_STATE_NULL);
  EXPECT_TRUE(is_active(scheduler));
  g_object_get(scheduler_of(scheduler).get(), "window-duration", &window, nullptr);
  EXPECT_EQ(window, 11.0);
  gst_ekya_scheduler_replan(scheduler_of(scheduler).get(), "successor");
  EXPECT_TRUE(eventually([&] { return pipeline.count("successor") == 1; })) << pipeline.all();
}

TEST_F(EkyaScheduler, UsesTheSchedulerThatAnApplicationSetsAsContext) {
  const SchedulerPtr own(gst_ekya_scheduler_new());
  const MiniPtr<GstContext> context(gst_context_new_ekya_scheduler(own.get()));
  gst_element_set_context(pipeline.get(), context.get());
  play();
  EXPECT_EQ(scheduler_of(scheduler), own);
}

TEST_F(EkyaScheduler, FollowsAChangeOfItsGroupInNull) {
  for (const char* group : {"red", "", "blue"}) {
    g_object_set(scheduler, "scheduler-group", group, nullptr);
    play();
    EXPECT_EQ(scheduler_of(scheduler), SchedulerPtr(gst_ekya_scheduler_get_for_group(group))) << group;
    GstEkyaScheduler* seen = nullptr;
    gst_ekya_ensure_scheduler(worker, &seen);
    EXPECT_EQ(SchedulerPtr(seen), scheduler_of(scheduler)) << group;
    pipeline.set_state(GST_STATE_NULL);
  }
}

TEST_F(EkyaScheduler, HearsRequestsFromInsideABin) {
  GstElement* bin = pipeline.add(gst_bin_new("branch"));
  GstElement* deep = make_bare_element("deep");
  gst_bin_add(GST_BIN(bin), deep);
  play();
  EXPECT_THAT(Foreign(deep).ask(inference_request("cam0", 0.5)), HasSubstr("ekya-share-grant"));
}

TEST_F(EkyaScheduler, LeavesNoThreadBehind) {
  for (int i = 0; i < 200; ++i) {
    Pipeline own;
    own.add_scheduler();
    GstElement* element = own.add(make_bare_element("worker"));
    ASSERT_EQ(own.set_state(GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
    const ClientPtr client = join(element, "cam0", 0.5);
  }
  EXPECT_TRUE(eventually([] { return threads_named("ekya-scheduler") == 0; }));
}

class HistoryFile : public EkyaScheduler {
 protected:
  HistoryFile() {
    char name[] = "/tmp/ekya-trace-XXXXXX";
    folder = mkdtemp(name);
  }
  ~HistoryFile() override { std::filesystem::remove_all(folder); }

  void trace_to(const std::string& path) { g_object_set(scheduler, "history-file", path.c_str(), nullptr); }
  std::string folder;
};

TEST_F(HistoryFile, HoldsPlansThatCanBeReplayed) {
  const std::string path = folder + "/trace.jsonl";
  trace_to(path);
  play();
  ClientPtr client = join(worker, "cam0", 0.5);
  ASSERT_TRUE(eventually([&] { return pipeline.count("element ekya-plan") >= 1; }));
  gst_ekya_client_leave(client.get());
  pipeline.set_state(GST_STATE_NULL);
  std::map<std::string, int> types;
  std::string line;
  for (std::ifstream file(path); std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    ++types[json["type"]];
    if (json["type"] != "plan") continue;
    const auto problem = scheduler::problem_from_json(json["problem"].dump());
    ASSERT_TRUE(problem) << problem.error().message;
    const auto plan = scheduler::plan_from_json(json["plan"].dump());
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_TRUE(scheduler::validate(*problem, *plan));
  }
  EXPECT_GE(types["plan"], 1);
  EXPECT_GE(types["request"], 1);
  EXPECT_GE(types["grant"], 1);
  EXPECT_GE(types["window"], 1);
  struct stat status;
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(HistoryFile, TellsWhatAClientTellsOfItsStreamAndItsJobs) {
  const std::string path = folder + "/trace.jsonl";
  trace_to(path);
  play();
  StructurePtr request(gst_structure_from_string(
      "ekya-share-request, stream-id=cam0, kind=retraining, client=r, weight=2.0, min-accuracy=0.3, "
      "cached-accuracy=0.4, upload=160.0, model-size=398.0, configs={(structure)[config, id=(string)g, work=20.0, "
      "accuracy=0.9, memory=600.0, work-deviation=2.0, accuracy-deviation=0.05]};",
      nullptr));
  ASSERT_TRUE(request);
  EXPECT_THAT(Foreign(worker).ask(std::move(request)), HasSubstr("ekya-share-grant"));
  ASSERT_TRUE(eventually([&] { return pipeline.count("element ekya-plan") >= 1; }));
  pipeline.set_state(GST_STATE_NULL);
  nlohmann::json told, planned;
  std::string line;
  for (std::ifstream file(path); std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json["type"] == "request") told = json;
    if (json["type"] == "plan") planned = json["problem"]["streams"][0];
  }
  for (const nlohmann::json& stream : {told, planned}) {
    EXPECT_EQ(stream["weight"], 2);
    EXPECT_EQ(stream["min_accuracy"], 0.3);
    EXPECT_EQ(stream["cached_accuracy"], 0.4);
    EXPECT_EQ(stream["upload_mbit"], 160);
    EXPECT_EQ(stream["model_mbit"], 398);
  }
  for (const nlohmann::json& config : {told["configs"][0], planned["retraining"][0]}) {
    EXPECT_EQ(config["memory_mb"], 600);
    EXPECT_EQ(config["work_sd_s"], 2);
    EXPECT_EQ(config["accuracy_sd"], 0.05);
  }
}

TEST_F(HistoryFile, ThatCannotBeWrittenIsOneWarningAndStopsNothing) {
  ASSERT_EQ(mkfifo((folder + "/fifo").c_str(), 0600), 0);
  for (const std::string& path : {folder + "/no/such/folder", folder, folder + "/fifo", std::string("/dev/full")}) {
    SCOPED_TRACE(path);
    const std::size_t before = pipeline.count("WARNING property history-file: cannot");
    trace_to(path);
    play();
    {
      const ClientPtr client = join(worker, "cam0", 0.5);
      gst_ekya_scheduler_replan(scheduler_of(scheduler).get(), "more");
      EXPECT_GT(share(client), 0);
    }
    EXPECT_TRUE(eventually([&] { return pipeline.count("WARNING property history-file: cannot") > before; }));
    pipeline.set_state(GST_STATE_NULL);
    EXPECT_EQ(pipeline.count("WARNING property history-file: cannot"), before + 1) << pipeline.all();
  }
}

}  // namespace
}  // namespace ekya::gst::testing
