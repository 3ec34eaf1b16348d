// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gst/check/gstharness.h>
#include <gst/ekya/ekya.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "ekya/base/file_ops.h"
#include "ekyaretrain/gstekyaretrain.h"
#include "glue/ptr.h"
#include "support/fault_limits.h"
#include "support/hostile_files.h"
#include "support/odd_frames.h"
#include "support/retrain_fakes.h"

namespace ekya::gst {
namespace {

using learner::testing::FakeTrainEngine;
using learner::testing::TrainFaults;
using ::testing::HasSubstr;

const std::vector<std::string> kLabels{"bus", "car", "truck"};
constexpr int kSide = 16;
constexpr std::chrono::seconds kDeadline{20};

/// Messages that nobody took hold their source, and the source its bus.
struct Retire {
  void operator()(GstElement* element) const {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, nullptr);
    gst_object_unref(element);
  }
};
using ElementPtr = std::unique_ptr<GstElement, Retire>;

/// An ekyaretrain with a bus, in a harness once it plays.
class EkyaRetrain : public ::testing::Test {
 protected:
  EkyaRetrain() {
    learner::set_engine_for_testing(&engine_);
    folder_ = std::filesystem::temp_directory_path() / ("ekya-retrain-element-" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    write_model("student.safetensors", {0, 2, 1});
    scheduler_.reset(gst_ekya_scheduler_new());
    g_object_set(scheduler_.get(), "window-duration", 2.0, nullptr);
    element_ = make("state");
  }
  ~EkyaRetrain() override {
    stop();
    element_.reset();
    std::filesystem::remove_all(folder_);
    learner::set_engine_for_testing(nullptr);
  }

  void write_model(const char* name, const std::vector<int>& table) {
    const auto bytes = learner::serialize(FakeTrainEngine::weights(kLabels, table));
    ASSERT_TRUE(FileOps::system().write_new(folder_ / name, bytes));
  }

  ElementPtr make(const std::string& state) {
    ElementPtr element(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("ekyaretrain", nullptr))));
    const MiniPtr<GstContext> context(gst_context_new_ekya_scheduler(scheduler_.get()));
    gst_element_set_context(element.get(), context.get());
    const ObjectPtr<GstBus> bus(gst_bus_new());
    gst_element_set_bus(element.get(), bus.get());
    g_object_set(element.get(), "model-file", (folder_ / "student.safetensors").c_str(), "state-folder",
                 (folder_ / state).c_str(), "configs", R"([{"id":"all","epochs":2}])", nullptr);
    return element;
  }

  void play() {
    harness_ = gst_harness_new_with_element(element_.get(), "sink", nullptr);
    gst_harness_set_src_caps_str(harness_, "video/x-raw,format=RGB,width=16,height=16,framerate=30/1");
  }
  void stop() {
    if (element_) gst_element_set_state(element_.get(), GST_STATE_NULL);
    if (harness_) gst_harness_teardown(harness_);
    harness_ = nullptr;
  }

  /// An element with this property does not start and says why in one ERROR.
  void refuses(const char* property, const std::string& value, const std::string& reason) {
    SCOPED_TRACE(std::string(property) + "=" + value);
    const auto element = make("state");
    g_object_set(element.get(), property, value.c_str(), nullptr);
    EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    EXPECT_THAT(text(element.get(), GST_MESSAGE_ERROR), HasSubstr(reason));
    EXPECT_EQ(text(element.get(), GST_MESSAGE_ERROR), "");
    gst_element_set_state(element.get(), GST_STATE_NULL);
  }

  static void add_label(GstBuffer* buffer, const char* label, gboolean doubtful) {
    gst_ekya_region_set_param(
        gst_buffer_get_video_region_of_interest_meta(buffer),
        gst_structure_new(GST_EKYA_PARAM_LABEL, "label", G_TYPE_STRING, label, "confidence", G_TYPE_DOUBLE, 0.9,
                          "source", G_TYPE_STRING, "golden", "doubtful", G_TYPE_BOOLEAN, doubtful, nullptr));
  }
  static GstBuffer* frame(int look, const char* label, gboolean doubtful = FALSE) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kSide * kSide * 3, nullptr);
    gst_buffer_memset(buffer, 0, static_cast<guint8>(look), kSide * kSide * 3);
    gst_buffer_add_video_region_of_interest_meta(buffer, "object", 2, 2, 12, 12);
    add_label(buffer, label, doubtful);
    return buffer;
  }
  /// A frame with a region of interest.
  GstFlowReturn push_labelled(GstBuffer* buffer, const char* label) {
    add_label(buffer, label, FALSE);
    return gst_harness_push(harness_, buffer);
  }
  GstFlowReturn push(int look, const char* label, gboolean doubtful = FALSE) {
    GstBuffer* buffer = frame(look, label, doubtful);
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(++frames_) * GST_SECOND / 30;
    return gst_harness_push(harness_, buffer);
  }
  void push_scene(int count) {
    for (int i = 0; i < count; ++i)
      ASSERT_EQ(push(i % 3, kLabels[static_cast<std::size_t>(i % 3)].c_str()), GST_FLOW_OK);
  }

  StructurePtr stats(GstElement* element = nullptr) {
    GstStructure* stats = nullptr;
    g_object_get(element ? element : element_.get(), "stats", &stats, nullptr);
    return StructurePtr(stats);
  }
  guint64 count(const char* field) {
    guint64 value = 0;
    gst_structure_get_uint64(stats().get(), field, &value);
    return value;
  }
  bool reaches(const char* field, guint64 value) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (count(field) < value) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  /// Text of the first message of a type on the bus; empty where there is none.
  static std::string text(GstElement* element, GstMessageType type) {
    const ObjectPtr<GstBus> bus(gst_element_get_bus(element));
    while (const MiniPtr<GstMessage> message{gst_bus_pop_filtered(bus.get(), type)}) {
      GError* error = nullptr;
      gchar* details = nullptr;
      if (type == GST_MESSAGE_ERROR) gst_message_parse_error(message.get(), &error, &details);
      if (type == GST_MESSAGE_WARNING) gst_message_parse_warning(message.get(), &error, &details);
      const ErrorPtr owner(error);
      const StringPtr more(details);
      return error ? std::string(error->message) + " | " + (details ? details : "") : "";
    }
    return "";
  }
  std::string error() { return text(element_.get(), GST_MESSAGE_ERROR); }
  std::string warning() { return text(element_.get(), GST_MESSAGE_WARNING); }

  TrainFaults faults_;
  FakeTrainEngine engine_{&faults_};
  std::filesystem::path folder_;
  ObjectPtr<GstEkyaScheduler> scheduler_;
  ElementPtr element_;
  GstHarness* harness_ = nullptr;
  int frames_ = 0;
};

TEST_F(EkyaRetrain, DoesNotStartWithAWrongProperty) {
  const struct {
    const char *property, *value, *reason;
  } rows[] = {
      {"stream-id", "../x", "stream-id"},
      {"model-file", "", "model-file is not set"},
      {"model-file", "/nowhere/student.safetensors", "/nowhere/student.safetensors"},
      {"configs", "[{}]", "configs[0].id"},
      {"state-folder", "/dev/null/state", "state-folder: "},
      {"state-folder", "/proc/nowhere", "state-folder: cannot make the folder '/proc/nowhere'"},
      {"labels-file", "/nowhere/labels.txt", "labels-file: cannot open '/nowhere/labels.txt'"},
  };
  for (const auto& row : rows) refuses(row.property, row.value, row.reason);
}

TEST_F(EkyaRetrain, DoesNotStartWithMoreSamplesNeededThanKept) {
  g_object_set(element_.get(), "min-samples", 101u, "max-samples", 100u, nullptr);
  EXPECT_EQ(gst_element_set_state(element_.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(error(), HasSubstr("min-samples 101 is above max-samples 100"));
}

// Opened or read without care, most of these would block for ever, never end or fill the memory.
TEST_F(EkyaRetrain, DoesNotStartWithAModelFileThatIsNone) {
  auto paths = ekya::testing::hostile_files(folder_, ".safetensors");
  std::filesystem::copy(folder_ / "student.safetensors", folder_ / "cut.safetensors");
  std::filesystem::resize_file(folder_ / "cut.safetensors", 300);
  paths.push_back(folder_ / "cut.safetensors");
  for (const std::string& path : paths) refuses("model-file", path, "model-file " + path);
}

TEST_F(EkyaRetrain, DoesNotStartWithAStreamIdThatCouldBeAPath) {
  for (const std::string& name : ekya::testing::hostile_names()) refuses("stream-id", name, "stream-id");
}

TEST_F(EkyaRetrain, TakesANewModelFileAtTheNextStartOnly) {
  play();
  g_object_set(element_.get(), "model-file", "/nowhere.safetensors", nullptr);
  EXPECT_EQ(push(1, "car"), GST_FLOW_OK);
  EXPECT_EQ(error(), "");
  stop();
  EXPECT_EQ(gst_element_set_state(element_.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(error(), HasSubstr("/nowhere.safetensors"));
}

TEST_F(EkyaRetrain, RetrainsAndPublishesToTheStream) {
  play();
  push_scene(120);
  ASSERT_TRUE(reaches("accepted", 1)) << gst_structure_to_string(stats().get());
  const StructurePtr checkpoint(gst_ekya_scheduler_get_checkpoint(scheduler_.get(), "camera0"));
  ASSERT_TRUE(checkpoint);
  EXPECT_STREQ(gst_structure_get_string(checkpoint.get(), "status"), "published");
  const auto file = learner::read_weights(gst_structure_get_string(checkpoint.get(), "path"), true);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors.at("table").data, FakeTrainEngine::weights(kLabels, {0, 1, 2}).tensors.at("table").data);
}

TEST_F(EkyaRetrain, ContinuesFromTheNewestCheckpoint) {
  play();
  push_scene(120);
  ASSERT_TRUE(reaches("accepted", 1));
  const guint64 generation = count("generation");
  stop();
  element_ = make("state");
  play();
  EXPECT_GE(count("generation"), generation);
  push_scene(30);
  double accuracy = 0;
  gst_structure_get_double(stats().get(), "accuracy", &accuracy);
  EXPECT_DOUBLE_EQ(accuracy, 1);
  EXPECT_GE(count("samples"), 120u);
}

TEST_F(EkyaRetrain, StartsFromTheModelFileWhenTheCheckpointIsBroken) {
  play();
  push_scene(120);
  ASSERT_TRUE(reaches("accepted", 1));
  stop();
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "state" / "checkpoints"))
    std::filesystem::resize_file(file, 100);
  element_ = make("state");
  play();
  EXPECT_THAT(warning(), HasSubstr("checkpoint"));
  EXPECT_EQ(count("generation"), 0u);
}

TEST_F(EkyaRetrain, DropsALabelThatTheStudentDoesNotKnowAndSaysSoOnce) {
  play();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(push(1, "tram"), GST_FLOW_OK);
  EXPECT_EQ(count("unknown-labels"), 50u);
  EXPECT_EQ(count("samples"), 0u);
  EXPECT_THAT(warning(), HasSubstr("\"tram\""));
  EXPECT_EQ(warning(), "");
}

TEST_F(EkyaRetrain, LeavesDoubtfulLabelsAndFramesWithoutLabelsOut) {
  play();
  EXPECT_EQ(push(1, "car", TRUE), GST_FLOW_OK);
  EXPECT_EQ(gst_harness_push(harness_, gst_buffer_new_allocate(nullptr, kSide * kSide * 3, nullptr)), GST_FLOW_OK);
  EXPECT_EQ(count("labels"), 0u);
}

TEST_F(EkyaRetrain, SkipsAFrameThatIsTooShort) {
  play();
  GstBuffer* buffer = frame(1, "car");
  gst_buffer_set_size(buffer, 10);
  EXPECT_EQ(gst_harness_push(harness_, buffer), GST_FLOW_OK);
  EXPECT_THAT(warning(), HasSubstr("unreadable-frame"));
}

TEST_F(EkyaRetrain, ReadsOddStridesOffsetsAndReadOnlyMemory) {
  play();
  guint64 labels = 0;
  for (const auto& [width, height] : {std::pair{5, 3}, {1, 1}, {33, 17}}) {
    const std::string size = ",width=" + std::to_string(width) + ",height=" + std::to_string(height);
    gst_harness_set_src_caps_str(harness_, ("video/x-raw,format=RGB,framerate=30/1" + size).c_str());
    EXPECT_EQ(push_labelled(ekya::testing::odd_frame(width, height, 1, 1), "car"), GST_FLOW_OK);
    EXPECT_EQ(count("labels"), ++labels);
  }
  EXPECT_EQ(count("samples"), labels);
  EXPECT_EQ(warning(), "");
}

TEST_F(EkyaRetrain, ReadsAnEightKFrame) {
  play();
  gst_harness_set_src_caps_str(harness_, ekya::testing::kEightKCaps);
  EXPECT_EQ(push_labelled(ekya::testing::eight_k_frame(), "car"), GST_FLOW_OK);
  EXPECT_EQ(count("samples"), 1u);
}

// The whole of a disk that is full for a while: samples are lost, frames are not.
TEST_F(EkyaRetrain, DropsSamplesOfAFullDiskAndStoresTheNextOnes) {
  play();
  push_scene(3);
  {
    const ekya::testing::FileSizeLimit full(1);
    push_scene(30);
    EXPECT_EQ(count("dropped"), 30u);
    EXPECT_THAT(warning(), HasSubstr("A sample could not be stored"));
    EXPECT_EQ(warning(), "") << "one warning, not one a sample";
  }
  push_scene(3);
  EXPECT_EQ(count("samples"), 6u);
}

TEST_F(EkyaRetrain, DoesNotStartOnAFullDisk) {
  const ekya::testing::FileSizeLimit full(1);
  EXPECT_EQ(gst_element_set_state(element_.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(error(), HasSubstr("state-folder: '" + (folder_ / "state").string()));
}

TEST_F(EkyaRetrain, DoesNotStartOnAFolderThatItMayNotRead) {
  std::filesystem::create_directories(folder_ / "state" / "inner");
  const ekya::testing::WithoutRoot nobody(folder_);
  std::filesystem::permissions(folder_ / "state", std::filesystem::perms::none);
  refuses("state-folder", folder_ / "state", (folder_ / "state").string() + "': Permission denied");
  refuses("state-folder", folder_ / "state" / "inner", (folder_ / "state" / "inner").string() + ": Permission denied");
  std::filesystem::permissions(folder_ / "state", std::filesystem::perms::owner_all);
}

TEST_F(EkyaRetrain, DoesNotStartOnAFolderOfSomebodyElse) {
  std::filesystem::create_directories(folder_ / "state" / "photos");
  EXPECT_EQ(gst_element_set_state(element_.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(error(), HasSubstr("\"photos\""));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "state" / "photos"));
}

TEST_F(EkyaRetrain, DoesNotFollowALinkAsStateFolder) {
  std::filesystem::create_directory(folder_ / "elsewhere");
  std::filesystem::create_directory_symlink(folder_ / "elsewhere", folder_ / "state");
  EXPECT_EQ(gst_element_set_state(element_.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(error(), HasSubstr("links are not followed"));
}

TEST_F(EkyaRetrain, RefusesAStateFolderInUse) {
  play();
  const auto other = make("state");
  g_object_set(other.get(), "stream-id", "camera1", nullptr);
  EXPECT_EQ(gst_element_set_state(other.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(text(other.get(), GST_MESSAGE_ERROR), HasSubstr("in use"));
  gst_element_set_state(other.get(), GST_STATE_NULL);
}

TEST_F(EkyaRetrain, RefusesAStreamThatHasARetrainer) {
  play();
  const auto other = make("other");
  EXPECT_EQ(gst_element_set_state(other.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(text(other.get(), GST_MESSAGE_ERROR), HasSubstr("camera0"));
  gst_element_set_state(other.get(), GST_STATE_NULL);
}

TEST_F(EkyaRetrain, StopsWithinASecondWhileTraining) {
  std::atomic<bool> training{false};
  faults_.on_step = [&](int) {
    training = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(150));  // A step of a small student.
  };
  g_object_set(element_.get(), "configs", R"([{"id":"all","epochs":1000}])", nullptr);
  play();
  push_scene(120);
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!training && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_TRUE(training);
  const auto begin = std::chrono::steady_clock::now();
  gst_element_set_state(element_.get(), GST_STATE_NULL);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  EXPECT_FALSE(StructurePtr(gst_ekya_scheduler_get_checkpoint(scheduler_.get(), "camera0")));
}

TEST_F(EkyaRetrain, TakesEosFlushesAndNewCapsWhileItTrains) {
  play();
  push_scene(60);
  EXPECT_TRUE(gst_harness_push_event(harness_, gst_event_new_flush_start()));
  EXPECT_TRUE(gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE)));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  EXPECT_TRUE(gst_harness_push_event(harness_, gst_event_new_segment(&segment)));
  push_scene(10);
  gst_harness_set_src_caps_str(harness_, "video/x-raw,format=GRAY8,width=16,height=16,framerate=30/1");
  push_scene(30);
  EXPECT_EQ(count("labels"), 100u);
  EXPECT_TRUE(gst_harness_push_event(harness_, gst_event_new_eos()));
  const ObjectPtr<GstBus> bus(gst_element_get_bus(element_.get()));
  const MiniPtr<GstMessage> eos(gst_bus_timed_pop_filtered(bus.get(), 5 * GST_SECOND, GST_MESSAGE_EOS));
  EXPECT_TRUE(eos);
}

TEST_F(EkyaRetrain, GoesUpAndDownManyTimes) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_NE(gst_element_set_state(element_.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE) << error();
    EXPECT_STRNE(gst_structure_get_string(stats().get(), "state"), "stopped");
    EXPECT_EQ(gst_element_set_state(element_.get(), i % 2 ? GST_STATE_NULL : GST_STATE_READY),
              GST_STATE_CHANGE_SUCCESS);
    EXPECT_STREQ(gst_structure_get_string(stats().get(), "state"), "stopped");
  }
}

TEST_F(EkyaRetrain, DropsSamplesWhenTheStateFolderGoesAway) {
  play();
  push_scene(3);
  std::filesystem::remove_all(folder_ / "state");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(push(1, "car"), GST_FLOW_OK);
  EXPECT_EQ(count("labels"), 33u);
}

}  // namespace
}  // namespace ekya::gst

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  ::testing::InitGoogleTest(&argc, argv);
  GST_ELEMENT_REGISTER(ekyaretrain, nullptr);
  return RUN_ALL_TESTS();
}
