// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstring>

#include "infer_harness.h"

namespace ekya::gst::infer {
namespace {

const std::vector<Box> kTwo{{1, 0, 0, 16, 16, 2}, {2, 20, 4, 16, 16, 0}};

class InferDrift : public InferTest {
 protected:
  void set_up(const char* is_on) {
    set("drift-detection", is_on);
    ASSERT_NO_FATAL_FAILURE(play());
    g_signal_connect(
        scheduler_, "drift", G_CALLBACK(+[](GstEkyaScheduler*, GstStructure* drift, gpointer heard) {
          static_cast<std::vector<std::string>*>(heard)->push_back(gst_structure_get_string(drift, "stream-id"));
        }),
        &heard_);
  }

  /// Ten frames a second whose first rows, outside of the boxes, have that grey.
  void push_grey(double seconds, int grey) {
    for (int i = 0; i < seconds * 10; ++i, time_ += 100 * GST_MSECOND) {
      GstBuffer* frame = make_frame(64, 48, kTwo, time_);
      gst_buffer_memset(frame, 20 * 3 * 64, static_cast<guint8>(grey), 28 * 3 * 64);
      ASSERT_TRUE(push(frame));
    }
  }

  std::vector<std::string> heard_;
  GstClockTime time_ = 0;
};

TEST_F(InferDrift, ReportsAChangeOfTheSceneOnce) {
  set("stream-id", "gate");
  ASSERT_NO_FATAL_FAILURE(set_up("true"));
  push_grey(30, 40);
  EXPECT_EQ(stat("drift-alarms"), 0u);
  push_grey(30, 160);
  EXPECT_EQ(stat("drift-alarms"), 1u);
  EXPECT_EQ(heard_, std::vector<std::string>{"gate"});
  const auto told = messages("ekya-drift");
  ASSERT_EQ(told.size(), 1u);
  guint tier = 0;
  double value = 0, reference = 0;
  EXPECT_STREQ(gst_structure_get_string(told[0].get(), "stream-id"), "gate");
  EXPECT_STREQ(gst_structure_get_string(told[0].get(), "signal"), "brightness");
  ASSERT_TRUE(gst_structure_get(told[0].get(), "tier", G_TYPE_UINT, &tier, "value", G_TYPE_DOUBLE, &value, "reference",
                                G_TYPE_DOUBLE, &reference, nullptr));
  EXPECT_EQ(tier, 1u);
  EXPECT_GT(value, reference + 0.2);
}

TEST_F(InferDrift, SaysNothingWhereSwitchedOff) {
  ASSERT_NO_FATAL_FAILURE(set_up("false"));
  push_grey(30, 40);
  push_grey(30, 160);
  EXPECT_EQ(stat("drift-alarms"), 0u);
  EXPECT_TRUE(heard_.empty());
}

// The same scene again from time 0, as after a seek.
TEST_F(InferDrift, AFlushIsNoChange) {
  ASSERT_NO_FATAL_FAILURE(set_up("true"));
  push_grey(30, 40);
  gst_harness_push_event(harness_, gst_event_new_flush_start());
  gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(harness_, gst_event_new_segment(&segment));
  time_ = 0;
  push_grey(30, 40);
  EXPECT_EQ(stat("drift-alarms"), 0u);
  push_grey(5, 160);
  EXPECT_EQ(stat("drift-alarms"), 1u);
}

}  // namespace
}  // namespace ekya::gst::infer
