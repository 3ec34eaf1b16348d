// SPDX-License-Identifier: LGPL-2.1-or-later
// The elements of the loop one behind the other, while the student is retrained: what an application may do meanwhile.
#include <gmock/gmock.h>
#include <gst/ekya/ekya.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "ekya/base/file_ops.h"
#include "ekyainfer/gstekyainfer.h"
#include "ekyalabel/gstekyalabel.h"
#include "ekyaretrain/gstekyaretrain.h"
#include "ekyatestsrc/gstekyatestsrc.h"
#include "glue/ptr.h"
#include "support/fault_temp_folder.h"
#include "support/retrain_fakes.h"

namespace ekya::gst {
namespace {

using learner::testing::FakeTrainEngine;
using learner::testing::TrainFaults;

constexpr std::chrono::seconds kDeadline{20};
constexpr int kLooks = 256;

/// ekyatestsrc ! ekyainfer ! ekyalabel ! ekyaretrain. The golden model answers otherwise than the student, so that
/// there is always something to learn.
class Loop : public ::testing::Test {
 protected:
  Loop() {
    learner::set_engine_for_testing(&engine_);
    write_model("student.safetensors", 1);
    write_model("golden.safetensors", 2);
    GstElement* last = nullptr;
    for (const char* name : {"ekyatestsrc", "ekyainfer", "ekyalabel", "ekyaretrain"}) {
      GstElement* element = gst_element_factory_make(name, name);
      gst_bin_add(GST_BIN(pipeline_.get()), element);
      if (last) gst_element_link(last, element);
      last = element;
    }
    const std::string student = folder_ / "student.safetensors";
    set("ekyainfer", "model-file", student);
    set("ekyalabel", "model-file", folder_ / "golden.safetensors");
    set("ekyalabel", "sample-rate", "1000");
    set("ekyaretrain", "model-file", student);
    set("ekyaretrain", "state-folder", folder_ / "state");
    set("ekyaretrain", "configs", R"([{"id":"all","epochs":1000}])");
    faults_.on_step = [this](int) {
      training_ = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    };
  }
  ~Loop() override {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    pipeline_.reset();
    learner::set_engine_for_testing(nullptr);
  }

  void write_model(const std::string& name, int shift) {
    std::vector<int> table;
    for (int look = 0; look < kLooks; ++look) table.push_back((look / 16 + shift) % 3);
    const auto bytes = learner::serialize(FakeTrainEngine::weights({"bus", "car", "truck"}, table));
    ASSERT_TRUE(FileOps::system().write_new(folder_ / name, bytes));
  }

  ObjectPtr<GstElement> element(const char* name) {
    return ObjectPtr<GstElement>(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }
  void set(const char* name, const char* property, const std::string& value) {
    gst_util_set_object_arg(G_OBJECT(element(name).get()), property, value.c_str());
  }
  guint64 count(const char* name, const char* field) {
    GstStructure* stats = nullptr;
    g_object_get(element(name).get(), "stats", &stats, nullptr);
    const StructurePtr owner(stats);
    guint64 value = 0;
    gst_structure_get_uint64(stats, field, &value);
    return value;
  }

  static bool wait(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  /// New labels arrive at the retrainer.
  bool goes_on() {
    const guint64 before = count("ekyaretrain", "labels");
    return wait([&] { return count("ekyaretrain", "labels") > before; });
  }
  void play_until_training() {
    ASSERT_NE(gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    ASSERT_TRUE(wait([&] { return training_.load(); }));
  }
  MiniPtr<GstMessage> message(GstMessageType type, std::chrono::nanoseconds longest = {}) {
    const ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
    return MiniPtr<GstMessage>(gst_bus_timed_pop_filtered(bus.get(), static_cast<GstClockTime>(longest.count()), type));
  }

  const ekya::testing::TempFolder folder_;
  TrainFaults faults_;
  std::atomic<bool> training_{false};
  FakeTrainEngine engine_{&faults_};
  ObjectPtr<GstElement> pipeline_{GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))};
};

TEST_F(Loop, GoesOnAfterSeeksWhileItTrains) {
  ASSERT_NO_FATAL_FAILURE(play_until_training());
  for (const GstSeekFlags flags : {GST_SEEK_FLAG_FLUSH, GST_SEEK_FLAG_NONE, GST_SEEK_FLAG_FLUSH}) {
    SCOPED_TRACE(flags);
    for (const gint64 hour : {0, 1}) {
      ASSERT_TRUE(gst_element_seek_simple(pipeline_.get(), GST_FORMAT_TIME, flags, hour * 3600 * gint64{GST_SECOND}));
      EXPECT_TRUE(goes_on());
    }
  }
  EXPECT_FALSE(message(static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
}

TEST_F(Loop, EndsAtEosWhileItTrains) {
  ASSERT_NO_FATAL_FAILURE(play_until_training());
  gst_element_send_event(pipeline_.get(), gst_event_new_eos());
  EXPECT_TRUE(message(GST_MESSAGE_EOS, kDeadline));
  EXPECT_FALSE(message(GST_MESSAGE_ERROR));
}

TEST_F(Loop, PausesStopsAndStartsAgainWhileItTrains) {
  for (const GstState state : {GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL}) {
    SCOPED_TRACE(gst_element_state_get_name(state));
    training_ = false;
    ASSERT_NO_FATAL_FAILURE(play_until_training());
    gst_element_set_state(pipeline_.get(), state);
    EXPECT_NE(gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    EXPECT_TRUE(goes_on());
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }
}

}  // namespace
}  // namespace ekya::gst

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  ::testing::InitGoogleTest(&argc, argv);
  GST_ELEMENT_REGISTER(ekyainfer, nullptr);
  GST_ELEMENT_REGISTER(ekyalabel, nullptr);
  GST_ELEMENT_REGISTER(ekyaretrain, nullptr);
  GST_ELEMENT_REGISTER(ekyatestsrc, nullptr);
  return RUN_ALL_TESTS();
}
