// SPDX-License-Identifier: LGPL-2.1-or-later
#include <chrono>
#include <random>
#include <thread>

#include "infer_harness.h"
#include "support/odd_frames.h"

namespace ekya::gst::infer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InferFrames : public InferTest {};

std::vector<std::string> labels_of(GstBuffer* buffer) {
  std::vector<std::string> labels;
  for (const auto& result : results(buffer)) labels.push_back(result.label);
  return labels;
}

const std::vector<Box> kThree{{1, 0, 0, 16, 16, 2}, {2, 20, 4, 16, 16, 0}, {3, 40, 20, 20, 20, 1}};

TEST_F(InferFrames, ClassifiesEachRegion) {
  ASSERT_NO_FATAL_FAILURE(play());
  const auto out = push(kThree);
  ASSERT_TRUE(out);
  const auto found = results(out.get());
  EXPECT_THAT(labels_of(out.get()), ElementsAre("truck", "car", "bus"));
  EXPECT_EQ(found[0].label_id, 2);
  EXPECT_NEAR(found[0].confidence, 0.9, 0.01);
  EXPECT_EQ(found[0].model_name, "student");
  EXPECT_EQ(found[0].generation, 0u);
  EXPECT_FALSE(found[0].carried);
  EXPECT_EQ(found[0].age, 0u);
  EXPECT_EQ(stat("regions"), 3u);
}

TEST_F(InferFrames, PassesEveryFrameInOrderWithItsTimes) {
  set("inference-interval", "3");
  ASSERT_NO_FATAL_FAILURE(play());
  for (int i = 0; i < 200; ++i) {
    GstBuffer* frame = make_frame(64, 48, kThree, i * 7 * GST_MSECOND);
    GST_BUFFER_OFFSET(frame) = 1000 + i;
    const auto out = push(frame);
    ASSERT_TRUE(out) << i;
    EXPECT_EQ(GST_BUFFER_PTS(out.get()), i * 7 * GST_MSECOND);
    EXPECT_EQ(GST_BUFFER_DURATION(out.get()), GST_SECOND / 30);
    EXPECT_EQ(GST_BUFFER_OFFSET(out.get()), 1000u + i);
  }
  EXPECT_EQ(stat("frames"), 200u);
  EXPECT_EQ(stat("inferences"), 67u);  // frames 0, 3, ... 198
  EXPECT_EQ(stat("carried"), 133u);
}

TEST_F(InferFrames, CopiesNoPixel) {
  ASSERT_NO_FATAL_FAILURE(play());
  GstBuffer* frame = make_frame(64, 48, kThree);
  GstMemory* memory = gst_buffer_peek_memory(frame, 0);
  EXPECT_EQ(gst_buffer_peek_memory(push(frame).get(), 0), memory);
}

TEST_F(InferFrames, LeavesASharedBufferOfSomebodyElseAsItIs) {
  ASSERT_NO_FATAL_FAILURE(play());
  GstBuffer* frame = make_frame(64, 48, kThree);
  const MiniPtr<GstBuffer> held(gst_buffer_ref(frame));
  const auto out = push(frame);
  ASSERT_NE(out.get(), held.get());
  EXPECT_EQ(gst_buffer_peek_memory(out.get(), 0), gst_buffer_peek_memory(held.get(), 0));
  EXPECT_THAT(labels_of(out.get()), ElementsAre("truck", "car", "bus"));
  EXPECT_THAT(labels_of(held.get()), ElementsAre("", "", ""));
}

TEST_F(InferFrames, CarriesResultsAndSaysSo) {
  set("inference-interval", "3");
  ASSERT_NO_FATAL_FAILURE(play());
  for (guint i = 0; i < 7; ++i) {
    const auto out = push(kThree);
    const auto found = results(out.get());
    SCOPED_TRACE(i);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[1].label, "car");
    EXPECT_EQ(found[1].carried, i % 3 != 0);
    EXPECT_EQ(found[1].age, i % 3);
  }
}

TEST_F(InferFrames, CarriesByIdWhereverTheObjectWent) {
  set("inference-interval", "10");
  ASSERT_NO_FATAL_FAILURE(play());
  push({{7, 0, 0, 10, 10, 1}, {8, 40, 30, 10, 10, 2}});
  const auto out = push({{8, 0, 0, 10, 10, 0}, {7, 40, 30, 10, 10, 0}, {9, 20, 20, 5, 5, 0}});
  EXPECT_THAT(labels_of(out.get()), ElementsAre("truck", "bus", ""));
}

TEST_F(InferFrames, CarriesByOverlapWhereThereAreNoIds) {
  set("inference-interval", "100");
  ASSERT_NO_FATAL_FAILURE(play());
  push({{0, 0, 0, 20, 20, 1}, {0, 40, 20, 20, 20, 2}});
  // Each step overlaps the last one by more than 0.3; after five the first place is far away.
  for (guint step = 1; step <= 5; ++step) {
    const auto out = push({{0, 40, 20, 20, 20, 0}, {0, 4 * step, 0, 20, 20, 0}});
    EXPECT_THAT(labels_of(out.get()), ElementsAre("truck", "bus")) << step;
  }
  EXPECT_THAT(labels_of(push({{0, 45, 0, 10, 10, 0}}).get()), ElementsAre(""));
}

TEST_F(InferFrames, LooksAtTheWholeFrame) {
  set("inference-region", "full-frame");
  set("inference-interval", "2");
  ASSERT_NO_FATAL_FAILURE(play());
  for (int i = 0; i < 4; ++i) {
    const auto found = results(push(make_frame(64, 48, {{0, 0, 0, 64, 48, 2, "frame"}})).get());
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].roi_type, "frame");
    EXPECT_EQ(found[0].label, "truck");
    EXPECT_EQ(found[0].carried, i % 2 == 1);
  }
  const auto out = push(make_frame(64, 48, {}));
  const auto found = results(out.get());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rect.width, 64);
  EXPECT_EQ(found[0].rect.height, 48);
}

TEST_F(InferFrames, LooksOnlyAtTheObjectClassThatWasAskedFor) {
  set("object-class", "person");
  ASSERT_NO_FATAL_FAILURE(play());
  const auto out =
      push({{1, 0, 0, 16, 16, 1, "person"}, {2, 20, 0, 16, 16, 2, "vehicle"}, {3, 40, 0, 16, 16, 2, "frame"}});
  EXPECT_THAT(labels_of(out.get()), ElementsAre("bus", "", ""));
}

TEST_F(InferFrames, AttachesNothingBelowTheThreshold) {
  set("threshold", "0.95");
  ASSERT_NO_FATAL_FAILURE(play());
  EXPECT_THAT(labels_of(push(kThree).get()), ElementsAre("", "", ""));
  set("threshold", "0.5");
  EXPECT_THAT(labels_of(push(kThree).get()), ElementsAre("truck", "car", "bus"));
}

TEST_F(InferFrames, PassesFramesWithoutRegions) {
  ASSERT_NO_FATAL_FAILURE(play());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(push(std::vector<Box>{}));
  EXPECT_EQ(stat("inferences"), 0u);
  EXPECT_EQ(stat("frames"), 5u);
}

TEST_F(InferFrames, SplitsManyRegionsIntoBatchesAndStopsAtTheLimit) {
  ASSERT_NO_FATAL_FAILURE(play());
  std::vector<Box> many;
  for (guint i = 0; i < 200; ++i) many.push_back({gint(i) + 1, i % 60, i % 40, 4, 4, 1});
  const int before = script_->calls();
  const auto found = results(push(many).get());
  EXPECT_EQ(script_->calls() - before, 4);  // 128 / 32
  ASSERT_EQ(found.size(), 200u);
  EXPECT_FALSE(found[127].label.empty());
  EXPECT_TRUE(found[128].label.empty());
}

TEST_F(InferFrames, PassesAFrameWhoseInferenceFailsWithEarlierResults) {
  ASSERT_NO_FATAL_FAILURE(play());
  push(kThree);
  for (const auto fault : {::ekya::testing::Fault::kError, ::ekya::testing::Fault::kThrow, ::ekya::testing::Fault::kNan,
                           ::ekya::testing::Fault::kWrongShape, ::ekya::testing::Fault::kOutOfRange}) {
    script_->at(script_->calls() + 1, fault);
    const auto out = push(kThree);
    ASSERT_TRUE(out);
    EXPECT_THAT(labels_of(out.get()), ElementsAre("truck", "car", "bus"));
    EXPECT_TRUE(results(out.get())[0].carried);
  }
  EXPECT_EQ(stat("failed"), 5u);
  EXPECT_THAT(texts(GST_MESSAGE_WARNING), ElementsAre(HasSubstr("scripted failure")));  // one a minute
  EXPECT_FALSE(results(push(kThree).get())[0].carried);
}

TEST_F(InferFrames, PassesAGapWithoutLookingAtIt) {
  ASSERT_NO_FATAL_FAILURE(play());
  GstBuffer* gap = make_frame(64, 48, kThree);
  GST_BUFFER_FLAG_SET(gap, GST_BUFFER_FLAG_GAP);
  EXPECT_TRUE(push(gap));
  EXPECT_EQ(stat("inferences"), 0u);
}

TEST_F(InferFrames, SkipsInferenceForAFrameThatIsLateAndSaysSoOnce) {
  ASSERT_NO_FATAL_FAILURE(play());
  set("qos", "true");  // the base class would drop late frames
  push(make_frame(64, 48, kThree, 0));
  gst_harness_push_upstream_event(harness_,
                                  gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, 100 * GST_MSECOND, GST_SECOND));
  for (int i = 0; i < 5; ++i) {
    const auto out = push(make_frame(64, 48, kThree, (900 + i) * GST_MSECOND));
    ASSERT_TRUE(out);  // carried, never dropped
    EXPECT_TRUE(results(out.get())[0].carried);
  }
  EXPECT_EQ(stat("late"), 5u);
  EXPECT_EQ(texts(GST_MESSAGE_QOS).size(), 1u);
  EXPECT_FALSE(results(push(make_frame(64, 48, kThree, 1300 * GST_MSECOND)).get())[0].carried);
}

TEST_F(InferFrames, LooksOnceASecondThoughTheSinkIsAlwaysLate) {
  ASSERT_NO_FATAL_FAILURE(play());
  push(make_frame(64, 48, kThree, 0));
  gst_harness_push_upstream_event(harness_,
                                  gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, GST_SECOND, 60 * GST_SECOND));
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));
  EXPECT_FALSE(results(push(make_frame(64, 48, kThree, GST_SECOND)).get())[0].carried);
}

TEST_F(InferFrames, SurvivesBuffersThatDoNotHoldTheFrame) {
  ASSERT_NO_FATAL_FAILURE(play());
  for (const gsize bytes : {gsize{0}, gsize{1}, gsize{64 * 48 * 3 - 1}}) {
    GstBuffer* small = gst_buffer_new_allocate(nullptr, bytes, nullptr);
    gst_buffer_add_video_region_of_interest_meta(small, "vehicle", 0, 0, 10, 10);
    const auto out = push(small);
    ASSERT_TRUE(out) << bytes;
    EXPECT_THAT(labels_of(out.get()), ElementsAre(""));
  }
  EXPECT_EQ(stat("failed"), 3u);
  EXPECT_EQ(texts(GST_MESSAGE_WARNING).size(), 1u);
}

TEST_F(InferFrames, ReadsOddStridesOffsetsAndReadOnlyMemory) {
  for (const auto& [width, height] : {std::pair{5, 3}, {1, 1}, {33, 17}}) {
    SCOPED_TRACE(width);
    const std::string size = ",width=" + std::to_string(width) + ",height=" + std::to_string(height);
    ASSERT_NO_FATAL_FAILURE(harness_ ? set_caps("video/x-raw,format=RGB,framerate=0/1" + size)
                                     : play("video/x-raw,format=RGB,framerate=0/1" + size));
    EXPECT_THAT(labels_of(push(::ekya::testing::odd_frame(width, height, 32 + 16, 255)).get()), ElementsAre("bus"));
  }
}

TEST_F(InferFrames, ReadsAnEightKFrame) {
  ASSERT_NO_FATAL_FAILURE(play(::ekya::testing::kEightKCaps));
  EXPECT_THAT(labels_of(push(::ekya::testing::eight_k_frame()).get()), ElementsAre("bus"));
}

TEST_F(InferFrames, RefusesAVideoMetaThatPointsPastTheMemory) {
  ASSERT_NO_FATAL_FAILURE(play());
  struct Lie {
    gsize offset;
    gint stride;
  };
  for (const Lie lie : {Lie{0, 193}, Lie{1, 192}, Lie{64 * 48 * 3, 192}, Lie{0, -192}, Lie{0, G_MAXINT}, Lie{0, 10}}) {
    GstBuffer* frame = make_frame(64, 48, kThree);
    gsize offsets[4] = {lie.offset};
    gint strides[4] = {lie.stride};
    gst_buffer_add_video_meta_full(frame, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB, 64, 48, 1, offsets, strides);
    ASSERT_TRUE(push(frame));
  }
  EXPECT_EQ(stat("failed"), 6u);
}

TEST_F(InferFrames, ClassifiesAFrameOfOnePixel) {
  set("inference-region", "full-frame");
  ASSERT_NO_FATAL_FAILURE(play("video/x-raw,format=GRAY8,width=1,height=1"));
  EXPECT_THAT(labels_of(push(gst_buffer_new_memdup("\xff\0\0\0", 4)).get()), ElementsAre("bus"));
}

TEST_F(InferFrames, FollowsCapsThatChangeBetweenAnyTwoFrames) {
  ASSERT_NO_FATAL_FAILURE(play());
  std::mt19937 random(3);
  const char* formats[] = {"RGB", "BGR", "RGBx", "BGRA", "xRGB", "ABGR", "NV12", "I420", "GRAY8"};
  for (int round = 0; round < 200; ++round) {
    const int width = 1 + random() % 90, height = 1 + random() % 70;
    const std::string format = formats[random() % 9];
    const std::string caps = "video/x-raw,format=" + format + ",width=" + std::to_string(width) +
                             ",height=" + std::to_string(height) + ",framerate=" + std::to_string(random() % 60) +
                             "/1,interlace-mode=" + (random() % 2 ? "progressive" : "interleaved");
    set_caps(caps);
    const MiniPtr<GstCaps> parsed(gst_caps_from_string(caps.c_str()));
    GstVideoInfo info;
    ASSERT_TRUE(gst_video_info_from_caps(&info, parsed.get()));
    GstBuffer* frame = gst_buffer_new_allocate(nullptr, info.size, nullptr);
    gst_buffer_memset(frame, 0, 16, info.size);
    gst_buffer_add_video_region_of_interest_meta(frame, "vehicle", random() % width, random() % height,
                                                 1 + random() % 50, 1 + random() % 50);
    const auto out = push(frame);
    ASSERT_TRUE(out) << round;
    EXPECT_FALSE(results(out.get())[0].label.empty()) << round << " " << format << " " << width << "x" << height;
  }
  EXPECT_EQ(stat("frames"), 200u);
  EXPECT_EQ(stat("failed"), 0u);
  EXPECT_TRUE(texts(GST_MESSAGE_WARNING).empty()) << ::testing::PrintToString(texts(GST_MESSAGE_WARNING));
}

TEST_F(InferFrames, RefusesAFormatThatItCannotRead) {
  ASSERT_NO_FATAL_FAILURE(play());
  gst_harness_set_src_caps_str(harness_, "video/x-raw,format=GRAY16_LE,width=4,height=4");
  EXPECT_EQ(gst_harness_push(harness_, gst_buffer_new_allocate(nullptr, 32, nullptr)), GST_FLOW_NOT_NEGOTIATED);
}

TEST_F(InferFrames, PassesEventsInOrderAndForgetsResultsAtAFlush) {
  set("inference-interval", "100");
  ASSERT_NO_FATAL_FAILURE(play());
  push(kThree);
  EXPECT_TRUE(results(push(kThree).get())[0].carried);
  gst_harness_push_event(harness_, gst_event_new_flush_start());
  gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.position = 5 * GST_SECOND;
  gst_harness_push_event(harness_, gst_event_new_segment(&segment));
  EXPECT_FALSE(results(push(make_frame(64, 48, kThree, 5 * GST_SECOND)).get())[0].carried);
  gst_harness_push_event(harness_, gst_event_new_gap(5 * GST_SECOND, GST_SECOND));
  EXPECT_TRUE(results(push(make_frame(64, 48, kThree, 7 * GST_SECOND)).get())[0].carried);
  gst_harness_push_event(harness_, gst_event_new_eos());
  std::vector<GstEventType> types;
  while (GstEvent* event = gst_harness_try_pull_event(harness_)) {
    types.push_back(GST_EVENT_TYPE(event));
    gst_event_unref(event);
  }
  EXPECT_THAT(types, ElementsAre(GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT, GST_EVENT_FLUSH_START,
                                 GST_EVENT_FLUSH_STOP, GST_EVENT_SEGMENT, GST_EVENT_GAP, GST_EVENT_EOS));
}

TEST_F(InferFrames, PassesFlowReturnsUp) {
  ASSERT_NO_FATAL_FAILURE(play());
  gst_pad_set_active(harness_->sinkpad, FALSE);
  EXPECT_EQ(gst_harness_push(harness_, make_frame(64, 48, kThree)), GST_FLOW_FLUSHING);
}

}  // namespace
}  // namespace ekya::gst::infer
