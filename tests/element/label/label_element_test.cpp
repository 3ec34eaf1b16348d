// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "ekyalabel/gstekyalabel.h"
#include "support/hostile_files.h"
#include "support/label_bench.h"
#include "support/odd_frames.h"

namespace ekya::testing {
namespace {

using gst::MiniPtr;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int kCar = 0, kTruck = 1, kCat = 2;

Seconds since(Seconds begin) { return steady_now() - begin; }

TEST(EkyaLabel, PassesLabelledFramesOnWithTheirLabels) {
  LabelBench bench;
  bench.play();
  for (const int label : {kCar, kTruck, kCat}) {
    EXPECT_EQ(bench.push(bench.frame(label * 0.1 + 1, label, 0.8)), GST_FLOW_OK);
    const auto out = bench.pull();
    ASSERT_TRUE(out);
    const auto labels = bench.labels(out.get());
    ASSERT_EQ(labels.size(), 1u);
    EXPECT_EQ(labels[0].label, (std::vector<std::string>{"car", "truck", "cat"}[label]));
    EXPECT_NEAR(labels[0].confidence, 0.8, 1e-6);
    EXPECT_EQ(labels[0].source, "golden");
    EXPECT_FALSE(labels[0].is_doubtful);
  }
  EXPECT_EQ(bench.stat("frames-in"), 3u);
  EXPECT_EQ(bench.stat("labelled"), 3u);
  EXPECT_EQ(bench.stat("labels"), 3u);
  EXPECT_EQ(bench.stat("dropped"), 0u);
  EXPECT_GT(bench.engine().thread_count_calls(), 0);
}

TEST(EkyaLabel, NeverWritesToASharedBuffer) {
  LabelBench bench;
  bench.play();
  const MiniPtr<GstBuffer> shared(bench.frame(1, kCar));
  bench.push(gst_buffer_ref(shared.get()));
  const auto out = bench.pull();
  ASSERT_TRUE(out);
  EXPECT_THAT(bench.labels(shared.get()), IsEmpty());
  EXPECT_EQ(bench.labels(out.get()).size(), 1u);
  EXPECT_EQ(gst_buffer_peek_memory(shared.get(), 0), gst_buffer_peek_memory(out.get(), 0));
}

TEST(EkyaLabel, SamplesByTimeStamps) {
  for (const auto& [rate, sampled] : std::vector<std::pair<double, guint64>>{{4, 40}, {0.5, 5}, {0, 0}, {30, 300}}) {
    SCOPED_TRACE(rate);
    LabelBench bench("max-queue=64");
    bench.set("sample-rate", rate);
    bench.play();
    for (int i = 0; i < 300; ++i) bench.push(bench.frame(i / 30.0, kCar));
    EXPECT_EQ(bench.stat("sampled"), sampled);
  }
}

void report_drift(LabelBench& bench, guint tier, const char* stream = "camera0") {
  const gst::StructurePtr drift(
      gst_structure_new("ekya-drift", "stream-id", G_TYPE_STRING, stream, "tier", G_TYPE_UINT, tier, nullptr));
  ASSERT_TRUE(gst_ekya_scheduler_report_drift(bench.scheduler(), drift.get(), nullptr));
}

/// Frames sampled of so many seconds at ten frames a second.
guint64 sampled_in(LabelBench& bench, int& number, int seconds) {
  const guint64 before = bench.stat("sampled");
  for (int i = 0; i < seconds * 10; ++i) bench.push(bench.frame(number++ / 10.0, kCar));
  return bench.stat("sampled") - before;
}

TEST(EkyaLabel, SamplesThreeTimesAsFastForAWhileWhenTheSceneChanges) {
  LabelBench bench("sample-rate=1 max-queue=64");
  bench.play();
  int number = 0;
  EXPECT_EQ(sampled_in(bench, number, 10), 10u);
  report_drift(bench, 1);
  EXPECT_NEAR(static_cast<double>(sampled_in(bench, number, 20)), 60, 1);
  EXPECT_NEAR(static_cast<double>(sampled_in(bench, number, 20)), 20, 1);
  report_drift(bench, 1);  // Too soon after one that no label confirmed.
  EXPECT_NEAR(static_cast<double>(sampled_in(bench, number, 10)), 10, 1);
  report_drift(bench, 3);
  EXPECT_NEAR(static_cast<double>(sampled_in(bench, number, 20)), 60, 1);
  EXPECT_EQ(bench.stat("drift-alarms"), 3u);
}

TEST(EkyaLabel, AnotherStreamsDriftOrNoDriftDetectionLeavesTheRate) {
  for (const bool is_on : {true, false}) {
    SCOPED_TRACE(is_on);
    LabelBench bench("sample-rate=1 max-queue=64");
    bench.set("drift-detection", static_cast<gboolean>(is_on));
    bench.play();
    int number = 0;
    report_drift(bench, 1, is_on ? "camera1" : "camera0");
    EXPECT_EQ(sampled_in(bench, number, 20), 20u);
    EXPECT_EQ(bench.stat("drift-alarms"), is_on ? 0u : 1u);
  }
}

TEST(EkyaLabel, MarksDoubtfulLabelsAndDropsWorseOnes) {
  LabelBench bench("threshold=0.6 doubtful-threshold=0.4 label-map=cat=-,car=vehicle");
  bench.play();
  bench.push(bench.frame(1, kCar, 0.5));
  const auto out = bench.pull();
  ASSERT_TRUE(out);
  EXPECT_EQ(bench.labels(out.get())[0].label, "vehicle");
  EXPECT_TRUE(bench.labels(out.get())[0].is_doubtful);
  bench.push(bench.frame(2, kCar, 0.36));
  bench.push(bench.frame(3, kCat, 0.9));
  EXPECT_TRUE(bench.wait_for("unlabelled", 2));
  EXPECT_EQ(bench.stat("doubtful"), 1u);
  EXPECT_EQ(bench.stat("labelled"), 1u);
}

TEST(EkyaLabel, MarksALabelThatThoseOfTheSameObjectContradict) {
  LabelBench bench("label-agreement=track");
  bench.play();
  double time = 1;
  std::vector<bool> doubtful;
  for (const int label : {kCar, kCar, kTruck, kCar}) {
    bench.push(bench.frame(time += 1, label, 0.9));
    const auto out = bench.pull();
    ASSERT_TRUE(out);
    doubtful.push_back(bench.labels(out.get())[0].is_doubtful);
  }
  EXPECT_THAT(doubtful, ElementsAre(false, false, true, false));
  EXPECT_EQ(bench.stat("compared"), 3u);
  EXPECT_EQ(bench.stat("differed"), 2u);
  EXPECT_EQ(bench.stat("doubtful"), 1u);
}

TEST(EkyaLabel, AsksForTheMirroredViewAsWellWhereAsked) {
  LabelBench bench("label-agreement=flip");
  bench.play();
  bench.push(bench.frame(1, kTruck, 0.9));
  const auto out = bench.pull();
  ASSERT_TRUE(out);
  EXPECT_EQ(bench.labels(out.get())[0].label, "truck");
  EXPECT_FALSE(bench.labels(out.get())[0].is_doubtful);  // A region of one colour.
  EXPECT_EQ(bench.script().calls(), 2);
  EXPECT_EQ(bench.stat("compared"), 1u);
  EXPECT_EQ(bench.stat("differed"), 0u);
}

TEST(EkyaLabel, LabelsTheWholeFrame) {
  LabelBench bench("inference-region=full-frame");
  bench.play();
  bench.push(bench.frame(1, kTruck, 0.9, {}));
  const auto out = bench.pull();
  ASSERT_TRUE(out);
  const auto* region = bench.region(out.get());
  ASSERT_TRUE(region);
  EXPECT_STREQ(g_quark_to_string(region->roi_type), "frame");
  EXPECT_EQ(region->w, static_cast<guint>(bench.kWidth));
  EXPECT_EQ(bench.labels(out.get())[0].label, "truck");
}

// A sparse branch must let a sink preroll.
TEST(EkyaLabel, AFrameWithoutLabelsBecomesAGap) {
  LabelBench bench;
  bench.play();
  bench.push(bench.frame(1, kCar, 0.9, {}));
  EXPECT_TRUE(bench.wait_for("unlabelled", 1));
  bool has_gap = false;
  for (int i = 0; i < 2000 && !has_gap; ++i) {
    while (GstEvent* event = gst_harness_try_pull_event(bench.harness())) {
      has_gap = has_gap || GST_EVENT_TYPE(event) == GST_EVENT_GAP;
      gst_event_unref(event);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(has_gap);
}

// --- Detector and metadata

LabelBench* as_detector(LabelBench* bench) {
  bench->set("model-file", bench->path("detector.ts").c_str());
  bench->set("allow-torchscript", TRUE);
  return bench;
}

TEST(EkyaLabel, ADetectorLabelsTheRegionsThatItsBoxesMatch) {
  LabelBench bench("label-map=truck=vehicle,none=other", {{0.1f, 0.1f, 0.6f, 0.6f, kTruck, 0.9f}});
  as_detector(&bench)->play();
  bench.push(bench.frame(1, kCar, 0.9, {{24, 24, 8, 8}, {4, 4, 16, 16}}));
  const auto out = bench.pull();
  ASSERT_TRUE(out);
  const auto labels = bench.labels(out.get());
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].label, "other");
  EXPECT_EQ(labels[1].label, "vehicle");
}

TEST(EkyaLabel, ADetectorsBoxesBecomeRegionsWhereAsked) {
  LabelBench bench("add-regions=true", {{0.25f, 0.25f, 0.75f, 0.5f, kTruck, 0.9f}});
  as_detector(&bench)->play();
  bench.push(bench.frame(1, kCar, 0.9, {}));
  const auto out = bench.pull();
  ASSERT_TRUE(out);
  const auto* region = bench.region(out.get());
  ASSERT_TRUE(region);
  EXPECT_STREQ(g_quark_to_string(region->roi_type), "truck");
  EXPECT_EQ(region->x, 8u);
  EXPECT_EQ(region->h, 8u);
}

void add_param(GstBuffer* buffer, const char* name, const char* label, double confidence, bool by_student) {
  GstStructure* param =
      gst_structure_new(name, "label", G_TYPE_STRING, label, "confidence", G_TYPE_DOUBLE, confidence, nullptr);
  if (by_student) gst_structure_set(param, "generation", G_TYPE_UINT64, guint64{3}, nullptr);
  gst_video_region_of_interest_meta_add_param(LabelBench::region(buffer), param);
}

TEST(EkyaLabel, MetadataLabelsAreThoseThatOthersAttached) {
  LabelBench bench("task=metadata label-map=object=-");
  bench.set("model-file", static_cast<const char*>(nullptr));
  bench.play();
  GstBuffer* foreign = bench.frame(1, kCar);
  add_param(foreign, "classification", "bus", 0.4, false);
  add_param(foreign, "classification", "our guess", 0.99, true);
  bench.push(foreign);
  auto out = bench.pull();
  ASSERT_TRUE(out);
  EXPECT_THAT(bench.labels(out.get()), ElementsAre(SeenLabel{"bus", 0.4, "metadata", true}));

  GstBuffer* own = bench.frame(2, kCar);
  add_param(own, "classification", "our guess", 0.99, true);
  bench.push(own);
  EXPECT_TRUE(bench.wait_for("unlabelled", 1));  // "object", the region's type, is dropped by the map

  bench.push(bench.frame(3, kCar, 0.9, {{0, 0, 8, 8}}, "person"));
  out = bench.pull();
  ASSERT_TRUE(out);
  EXPECT_THAT(bench.labels(out.get()), ElementsAre(SeenLabel{"person", 1.0, "metadata", false}));
  EXPECT_EQ(bench.script().calls(), 0);
}

// --- Sampling by need

TEST(EkyaLabel, DoubtfulSamplingPrefersFramesThatTheStudentIsUnsureOf) {
  LabelBench bench("sampling=doubtful sample-rate=1 max-queue=64");
  bench.play();
  std::vector<double> passed;
  for (int i = 0; i <= 60; ++i) {
    GstBuffer* buffer = bench.frame(i / 10.0, kCar);
    add_param(buffer, "classification", "car", i % 20 == 17 ? 0.5 : 0.95, true);
    bench.push(buffer);
    if (bench.stat("sampled") > passed.size()) {
      const auto out = bench.pull();
      ASSERT_TRUE(out);
      passed.push_back(static_cast<double>(GST_BUFFER_PTS(out.get())) / GST_SECOND);
    }
  }
  EXPECT_THAT(passed, ElementsAre(0, 1.7, 3, 3.7, 5, 5.7));
}

TEST(EkyaLabel, ChangedSamplingPrefersFramesThatDiffer) {
  LabelBench bench("sampling=changed sample-rate=1 max-queue=64 doubtful-threshold=0");
  bench.play();
  std::vector<double> passed;
  for (int i = 0; i <= 40; ++i) {
    bench.push(bench.frame(i / 10.0, kCar, i < 25 ? 0.9 : 0.8));
    if (bench.stat("sampled") > passed.size()) {
      const auto out = bench.pull();
      ASSERT_TRUE(out);
      passed.push_back(static_cast<double>(GST_BUFFER_PTS(out.get())) / GST_SECOND);
    }
  }
  // At 1 s the first picture to compare with; nothing differs until 2.5 s.
  EXPECT_THAT(passed, ElementsAre(0, 1, 2.5, 4));
}

TEST(EkyaLabel, TheLabelBudgetBoundsTheLabels) {
  LabelBench bench("label-budget=4 max-queue=64");
  bench.play();
  for (int i = 0; i < 300; ++i) {
    const guint64 sampled = bench.stat("sampled");
    bench.push(bench.frame(i / 30.0, kCar, 0.9, {{0, 0, 8, 8}, {8, 8, 8, 8}}));
    if (bench.stat("sampled") > sampled) {
      ASSERT_TRUE(bench.pull());
    }
  }
  EXPECT_GE(bench.stat("labels"), 40u);
  EXPECT_LE(bench.stat("labels"), 40u + 4 + 2);
}

// --- Shares

TEST(EkyaLabel, LabelsNothingWithoutAShare) {
  LabelBench bench("", {}, 0);
  bench.play();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(bench.push(bench.frame(i / 30.0, kCar)), GST_FLOW_OK);
  EXPECT_EQ(bench.stat("sampled"), 0u);
  EXPECT_EQ(bench.script().calls(), 0);
}

TEST(EkyaLabel, TheGrantedShareLimitsTheRate) {
  LabelBench bench("max-queue=64");
  const double slots = std::max(1u, std::thread::hardware_concurrency());
  gst_ekya_scheduler_pin_share(bench.scheduler(), "camera0", GST_EKYA_CLIENT_LABELLING, 0.2 / slots, nullptr);
  bench.script().always(Fault::kSlow);
  bench.script().set_slow(Seconds{0.05});
  bench.play();
  bench.push(bench.frame(0, kCar));
  ASSERT_TRUE(bench.pull());
  // 0.05 s a frame on a fifth of one slot: about 4 frames a second.
  for (int i = 1; i < 300; ++i) bench.push(bench.frame(i / 30.0, kCar));
  EXPECT_GE(bench.stat("sampled"), 10u);  // fewer where a busy machine makes the model slower
  EXPECT_LE(bench.stat("sampled"), 42u);
}

// --- Golden models that misbehave

struct FaultAt {
  Fault fault;
  int call;
};

class EkyaLabelFault : public ::testing::TestWithParam<FaultAt> {};

TEST_P(EkyaLabelFault, CostsJustThatFrame) {
  LabelBench bench;
  bench.script().at(GetParam().call, GetParam().fault);
  bench.play();
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(bench.push(bench.frame(i, kCar)), GST_FLOW_OK);
    if (i == GetParam().call) {
      EXPECT_TRUE(bench.wait_for("dropped", 1));
      continue;
    }
    const auto out = bench.pull();
    ASSERT_TRUE(out);
    EXPECT_EQ(GST_BUFFER_PTS(out.get()), i * GST_SECOND);
  }
  EXPECT_EQ(bench.stat("invalid"), 1u);
  EXPECT_EQ(bench.stat("labelled"), 3u);
  EXPECT_THAT(bench.texts(GST_MESSAGE_WARNING), ElementsAre(HasSubstr("golden-failed")));
  EXPECT_THAT(bench.texts(GST_MESSAGE_ERROR), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(AllFaults, EkyaLabelFault,
                         ::testing::Values(FaultAt{Fault::kError, 1}, FaultAt{Fault::kThrow, 1},
                                           FaultAt{Fault::kNan, 1}, FaultAt{Fault::kInfinite, 1},
                                           FaultAt{Fault::kWrongShape, 1}, FaultAt{Fault::kOutOfRange, 1},
                                           FaultAt{Fault::kThrow, 2}, FaultAt{Fault::kNan, 3},
                                           FaultAt{Fault::kWrongShape, 4}));

TEST(EkyaLabel, WarnsOnceOfManyFailures) {
  LabelBench bench;
  bench.script().always(Fault::kThrow);
  bench.play();
  for (int i = 1; i <= 20; ++i) {
    bench.push(bench.frame(i, kCar));
    ASSERT_TRUE(bench.wait_for("dropped", static_cast<guint64>(i)));
  }
  EXPECT_EQ(bench.texts(GST_MESSAGE_WARNING).size(), 1u);
}

TEST(EkyaLabel, ADetectorsClassOutOfRangeIsDropped) {
  LabelBench bench("", {{0.1f, 0.1f, 0.6f, 0.6f, kTruck, 0.9f}});
  bench.script().at(1, Fault::kOutOfRange);
  as_detector(&bench)->play();
  bench.push(bench.frame(1, kCar));
  EXPECT_TRUE(bench.wait_for("invalid", 1));
  bench.push(bench.frame(2, kCar));
  EXPECT_TRUE(bench.pull());
}

TEST(EkyaLabel, AHangingModelCostsUpstreamNothingAndIsLeftBehind) {
  LabelBench bench("stall-timeout=0.1");
  bench.script().always(Fault::kHang);
  bench.play();
  Seconds longest{0};
  for (int i = 0; i < 2000; ++i) {
    GstBuffer* buffer = bench.frame(i / 30.0, kCar);
    const Seconds begin = steady_now();
    ASSERT_EQ(bench.push(buffer), GST_FLOW_OK);
    longest = std::max(longest, since(begin));
  }
  EXPECT_LT(longest.count(), 0.5);  // a busy machine may take the thread away for a while
  EXPECT_TRUE(bench.wait_for("stalled", 1));
  EXPECT_EQ(bench.script().calls(), 1);
  EXPECT_EQ(bench.stat("dropped"), 2000u - 1 - 4);  // one at the model, four waiting
  EXPECT_THAT(bench.texts(GST_MESSAGE_WARNING), ElementsAre(HasSubstr("labeller-stalled")));
  const Seconds begin = steady_now();
  EXPECT_EQ(bench.set_state(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  EXPECT_LE(since(begin).count(), 2.5);
  EXPECT_THAT(bench.texts(GST_MESSAGE_WARNING), ElementsAre(HasSubstr("labeller-abandoned")));
}

TEST(EkyaLabel, AModelThatReturnsLateIsUsedAgain) {
  LabelBench bench("stall-timeout=0.1");
  bench.script().at(1, Fault::kHang);
  bench.play();
  bench.push(bench.frame(0, kCar));
  // Only once the model was called is it known which frame is there and not in the queue.
  for (int i = 0; i < 5000 && bench.script().calls() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (int i = 1; i < 10; ++i) bench.push(bench.frame(i, kCar));
  EXPECT_TRUE(bench.wait_for("stalled", 1));
  bench.script().release();
  for (const guint64 second : {0, 6, 7, 8, 9}) {  // the one at the model, and the newest four
    const auto out = bench.pull();
    ASSERT_TRUE(out);
    EXPECT_EQ(GST_BUFFER_PTS(out.get()), second * GST_SECOND);
  }
  EXPECT_EQ(bench.stat("dropped"), 5u);
}

// --- Events

TEST(EkyaLabel, LabelsThatComeAfterAFlushAreDiscarded) {
  LabelBench bench;
  bench.script().at(1, Fault::kHang);
  bench.play();
  bench.push(bench.frame(1, kCar));
  bench.push(bench.frame(2, kCar));
  for (int i = 0; i < 5000 && bench.script().calls() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const Seconds begin = steady_now();
  EXPECT_TRUE(bench.push_event(gst_event_new_flush_start()));
  EXPECT_TRUE(bench.push_event(gst_event_new_flush_stop(TRUE)));
  EXPECT_LT(since(begin).count(), 1);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  EXPECT_TRUE(bench.push_event(gst_event_new_segment(&segment)));
  bench.script().release();
  bench.push(bench.frame(7, kTruck));
  const auto out = bench.pull();
  ASSERT_TRUE(out);
  EXPECT_EQ(GST_BUFFER_PTS(out.get()), 7 * GST_SECOND);
  EXPECT_FALSE(bench.pull(0.05));
  EXPECT_EQ(bench.stat("dropped"), 2u);
}

TEST(EkyaLabel, LabelsOfAnEarlierSegmentAreDiscarded) {
  LabelBench bench;
  bench.script().at(1, Fault::kHang);
  bench.play();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  MiniPtr<GstEvent> first(gst_event_new_segment(&segment));
  bench.push_event(gst_event_ref(first.get()));
  bench.push(bench.frame(1, kCar));
  bench.push(bench.frame(2, kCar));
  segment.start = 5 * GST_SECOND;
  GstEvent* update = gst_event_new_segment(&segment);
  bench.push_event(update);
  bench.push(bench.frame(7, kTruck));
  bench.script().release();
  const auto out = bench.pull();
  ASSERT_TRUE(out);
  EXPECT_EQ(GST_BUFFER_PTS(out.get()), 7 * GST_SECOND);
  EXPECT_EQ(bench.stat("dropped"), 2u);
}

TEST(EkyaLabel, ASegmentOfTheSameSeqnumDiscardsNothing) {
  LabelBench bench;
  bench.script().always(Fault::kSlow);
  bench.play();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  const guint32 seqnum = gst_util_seqnum_next();
  for (int i = 1; i <= 2; ++i) {
    GstEvent* event = gst_event_new_segment(&segment);
    gst_event_set_seqnum(event, seqnum);
    bench.push_event(event);
    bench.push(bench.frame(i, kCar));
  }
  EXPECT_TRUE(bench.pull());
  EXPECT_TRUE(bench.pull());
}

// What passed the source pad, in order: "caps 32", "frame 1", "tag", "eos".
struct Passed {
  Mutex mutex;
  std::vector<std::string> log;
  std::vector<std::string> get() {
    MutexLock lock(mutex);
    return log;
  }
};

GstPadProbeReturn note(GstPad*, GstPadProbeInfo* info, gpointer user_data) {
  auto* passed = static_cast<Passed*>(user_data);
  MutexLock lock(passed->mutex);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    passed->log.push_back("frame " + std::to_string(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)) / GST_SECOND));
    return GST_PAD_PROBE_OK;
  }
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  std::string text = GST_EVENT_TYPE_NAME(event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event, &caps);
    int width = 0;
    gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &width);
    text += " " + std::to_string(width);
  }
  passed->log.push_back(text);
  return GST_PAD_PROBE_OK;
}

void watch(LabelBench& bench, Passed* passed) {
  const gst::ObjectPtr<GstPad> pad(gst_element_get_static_pad(bench.element(), "src"));
  gst_pad_add_probe(pad.get(),
                    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM), note,
                    passed, nullptr);
}

bool has_ended(Passed& passed) {
  const auto all = passed.get();
  return !all.empty() && all.back() == "eos";
}

TEST(EkyaLabel, KeepsFramesAndEventsInOrderThroughAChangeOfCaps) {
  Passed passed;
  LabelBench bench;
  bench.script().always(Fault::kSlow);
  bench.script().set_slow(Seconds{0.02});
  watch(bench, &passed);
  bench.play();
  bench.push(bench.frame(1, kCar));
  bench.set_caps("RGB", 64, 48);
  bench.push(bench.frame(2, kTruck, 0.9, {{40, 30, 20, 10}}));
  bench.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "t", nullptr)));
  bench.push(bench.frame(3, kCat));
  bench.push_event(gst_event_new_eos());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bench.pull());
  for (int i = 0; i < 5000 && !has_ended(passed); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_THAT(passed.get(), ElementsAre("stream-start", "caps 32", "segment", "frame 1", "caps 64", "frame 2", "tag",
                                        "frame 3", "eos"));
}

TEST(EkyaLabel, FormatsMayChangeBetweenAnyTwoFrames) {
  LabelBench bench("inference-region=full-frame doubtful-threshold=0");
  bench.play();
  int second = 0;
  for (const char* format : {"RGB", "BGRx", "NV12", "I420", "GRAY8", "xBGR", "ARGB", "RGB"}) {
    for (const auto& [width, height] : {std::pair{32, 32}, {1, 1}, {33, 17}}) {
      bench.set_caps(format, width, height);
      GstVideoInfo info;
      gst_video_info_set_format(&info, gst_video_format_from_string(format), static_cast<guint>(width),
                                static_cast<guint>(height));
      GstBuffer* buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
      gst_buffer_memset(buffer, 0, 128, GST_VIDEO_INFO_SIZE(&info));
      GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(++second) * GST_SECOND;
      ASSERT_EQ(bench.push(buffer), GST_FLOW_OK);
      ASSERT_TRUE(bench.pull()) << format << " " << width << "x" << height;
    }
  }
}

TEST(EkyaLabel, ABufferThatIsTooSmallIsDropped) {
  LabelBench bench;
  bench.play();
  GstBuffer* small = gst_buffer_new_allocate(nullptr, 16, nullptr);
  gst_buffer_add_video_region_of_interest_meta(small, "object", 0, 0, 16, 16);
  GST_BUFFER_PTS(small) = GST_SECOND;
  EXPECT_EQ(bench.push(small), GST_FLOW_OK);
  EXPECT_TRUE(bench.wait_for("dropped", 1));
  EXPECT_EQ(bench.texts(GST_MESSAGE_WARNING).size(), 1u);
}

TEST(EkyaLabel, ReadsOddStridesOffsetsAndReadOnlyMemory) {
  LabelBench bench;
  bench.play();
  int second = 0;
  for (const auto& [width, height] : {std::pair{5, 3}, {1, 1}, {33, 17}}) {
    SCOPED_TRACE(width);
    bench.set_caps("RGB", width, height);
    GstBuffer* frame = odd_frame(width, height, kTruck * 32 + 16, 230);
    GST_BUFFER_PTS(frame) = static_cast<GstClockTime>(++second) * GST_SECOND;
    ASSERT_EQ(bench.push(frame), GST_FLOW_OK);
    const auto out = bench.pull();
    ASSERT_TRUE(out);
    ASSERT_EQ(bench.labels(out.get()).size(), 1u);
    EXPECT_EQ(bench.labels(out.get())[0].label, "truck");
  }
}

TEST(EkyaLabel, ReadsAnEightKFrame) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "33 million pixels take ThreadSanitizer most of a minute";
#endif
  LabelBench bench;
  bench.play();
  bench.set_caps("NV12", 7680, 4320);
  bench.push(eight_k_frame());
  const auto out = bench.pull(30);  // 33 million pixels, read by unoptimised code in a sanitizer build
  ASSERT_TRUE(out);
  EXPECT_EQ(bench.labels(out.get()).size(), 1u);
}

TEST(EkyaLabel, EosWaitsForTheQueuedFrames) {
  Passed passed;
  LabelBench bench;
  bench.script().always(Fault::kSlow);
  bench.script().set_slow(Seconds{0.05});
  watch(bench, &passed);
  bench.play();
  for (int i = 1; i <= 4; ++i) bench.push(bench.frame(i, kCar));
  bench.push_event(gst_event_new_eos());
  EXPECT_EQ(bench.push(bench.frame(9, kCar)), GST_FLOW_EOS);
  for (int i = 0; i < 5000 && !has_ended(passed); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_THAT(passed.get(),
              ElementsAre("stream-start", "caps 32", "segment", "frame 1", "frame 2", "frame 3", "frame 4", "eos"));
}

TEST(EkyaLabel, EosDoesNotWaitForAModelThatHangs) {
  Passed passed;
  LabelBench bench("stall-timeout=0.1");
  bench.script().always(Fault::kHang);
  watch(bench, &passed);
  bench.play();
  for (int i = 1; i <= 4; ++i) bench.push(bench.frame(i, kCar));
  const Seconds begin = steady_now();
  bench.push_event(gst_event_new_eos());
  while (!has_ended(passed) && since(begin) < Seconds{5}) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_LT(since(begin).count(), 2.6);
  EXPECT_TRUE(has_ended(passed));
  EXPECT_EQ(bench.stat("dropped"), 4u);
}

TEST(EkyaLabel, EventsDoNotPileUpBehindAModelThatHangs) {
  Passed passed;
  LabelBench bench;
  bench.script().always(Fault::kHang);
  watch(bench, &passed);
  bench.play();
  bench.push(bench.frame(1, kCar));
  for (int i = 0; i < 150; ++i) bench.push_event(gst_event_new_gap(static_cast<GstClockTime>(i) * GST_SECOND, 1));
  EXPECT_TRUE(bench.wait_for("dropped", 1));
  for (int i = 0; i < 5000 && passed.get().size() < 150; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_GE(passed.get().size(), 150u);
}

GstPadProbeReturn refuse(GstPad*, GstPadProbeInfo* info, gpointer) {
  gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_ERROR;
  return GST_PAD_PROBE_HANDLED;
}

TEST(EkyaLabel, PassesAFlowErrorUpstream) {
  LabelBench bench;
  const gst::ObjectPtr<GstPad> pad(gst_element_get_static_pad(bench.element(), "src"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, refuse, nullptr, nullptr);
  bench.play();
  GstFlowReturn flow = GST_FLOW_OK;
  for (int i = 1; i < 5000 && flow == GST_FLOW_OK; ++i) {
    flow = bench.push(bench.frame(i, kCar));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(flow, GST_FLOW_ERROR);
}

TEST(EkyaLabel, AsksUpstreamsPoolForFramesToKeep) {
  LabelBench bench("max-queue=7");
  bench.play();
  const gst::ObjectPtr<GstPad> pad(gst_element_get_static_pad(bench.element(), "sink"));
  const MiniPtr<GstCaps> caps(gst_pad_get_current_caps(pad.get()));
  const MiniPtr<GstQuery> query(gst_query_new_allocation(caps.get(), TRUE));
  ASSERT_TRUE(gst_pad_query(pad.get(), query.get()));
  guint size = 0, least = 0;
  gst_query_parse_nth_allocation_pool(query.get(), 0, nullptr, &size, &least, nullptr);
  EXPECT_EQ(size, 32u * 32 * 3);
  EXPECT_EQ(least, 9u);
}

// --- Start and stop

struct Wrong {
  const char* line;
  const char* text;
};

class EkyaLabelWrong : public ::testing::TestWithParam<Wrong> {};

TEST_P(EkyaLabelWrong, DoesNotStartAndSaysWhy) {
  LabelBench bench(GetParam().line);
  write_file(bench.path("short.safetensors"), "abc");
  if (std::string(GetParam().line).find("model-file") == std::string::npos &&
      std::string(GetParam().text).find("short") != std::string::npos)
    bench.set("model-file", bench.path("short.safetensors").c_str());
  EXPECT_EQ(bench.set_state(GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  EXPECT_THAT(bench.texts(GST_MESSAGE_ERROR), ElementsAre(HasSubstr(GetParam().text)));
}

INSTANTIATE_TEST_SUITE_P(
    Settings, EkyaLabelWrong,
    ::testing::Values(Wrong{"label-map=car=a,bus", "label-map: there is no \"=\" in \"bus\" (entry 2, at character 7)"},
                      Wrong{"stream-id=../x", "stream-id"}, Wrong{"model-file=/nonexistent.safetensors", "model-file"},
                      Wrong{"model-file=/nonexistent.pt", "allow-torchscript"}, Wrong{"model-file=", "model-file"},
                      Wrong{"", "short.safetensors"}, Wrong{"task=detect", "it is a classifier"}));

// Opened or read without care, each of these would block for ever, never end or fill the memory.
TEST(EkyaLabel, RefusesAFileThatIsNone) {
  LabelBench bench;
  const auto refuses = [&](const char* property, const std::string& path) {
    SCOPED_TRACE(path);
    bench.set(property, path.c_str());
    EXPECT_EQ(bench.set_state(GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    const std::string name = std::filesystem::path(path).stem();
    EXPECT_THAT(bench.texts(GST_MESSAGE_ERROR),
                ElementsAre(AllOf(StartsWith(property), HasSubstr(name == "zeros" ? "/dev/zero" : path))));
    bench.set_state(GST_STATE_NULL);
  };
  const std::string folder = std::filesystem::path(bench.path("x")).parent_path();
  write_file(bench.path("no-label.txt"), "# nothing\n");
  write_file(bench.path("latin1.txt"), "car\ncami\xf3n\n");
  for (const auto& path : hostile_files(folder, ".txt")) refuses("labels-file", path);
  for (const char* name : {"no-label.txt", "latin1.txt", "missing.txt"}) refuses("labels-file", bench.path(name));
  bench.set("labels-file", "");
  for (const auto& path : hostile_files(folder, ".safetensors")) refuses("model-file", path);
}

TEST(EkyaLabel, RefusesStreamIdsThatCouldBeAPath) {
  LabelBench bench;
  for (const std::string& name : hostile_names()) {
    bench.set("stream-id", name.c_str());
    EXPECT_EQ(bench.set_state(GST_STATE_READY), GST_STATE_CHANGE_FAILURE) << name;
    EXPECT_THAT(bench.texts(GST_MESSAGE_ERROR), ElementsAre(HasSubstr("stream-id")));
  }
}

TEST(EkyaLabel, WarnsOfALabelMapThatNamesNoLabelOfTheModel) {
  LabelBench bench("label-map=car=vehicle,lorry=vehicle,*=other,none=other");
  bench.play();
  EXPECT_THAT(bench.texts(GST_MESSAGE_WARNING),
              ElementsAre(HasSubstr("\"lorry\" is no label of the golden model, which has car, truck, cat")));
}

TEST(EkyaLabel, TakesANewModelFileAtTheNextStartOnly) {
  LabelBench bench;
  bench.play();
  bench.set("model-file", "/nowhere.safetensors");
  bench.push(bench.frame(1, kCar));
  EXPECT_TRUE(bench.pull());
  EXPECT_THAT(bench.texts(GST_MESSAGE_ERROR), IsEmpty());
  bench.set_state(GST_STATE_NULL);
  EXPECT_EQ(bench.set_state(GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
}

TEST(EkyaLabel, SharesItsStreamWithAnotherEkyalabel) {
  LabelBench bench;
  bench.play();
  const gst::ObjectPtr<GstElement> twin(
      GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("ekyalabel", nullptr))));
  const MiniPtr<GstContext> context(gst_context_new_ekya_scheduler(bench.scheduler()));
  gst_element_set_context(twin.get(), context.get());
  g_object_set(twin.get(), "model-file", bench.path("golden.safetensors").c_str(), nullptr);
  EXPECT_NE(gst_element_set_state(twin.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  bench.push(bench.frame(1, kCar));
  EXPECT_TRUE(bench.pull());
  EXPECT_THAT(bench.texts(GST_MESSAGE_WARNING), IsEmpty());
  gst_element_set_state(twin.get(), GST_STATE_NULL);
}

TEST(EkyaLabel, StartsAndStopsManyTimes) {
  LabelBench bench;
  for (int i = 0; i < 30; ++i) {
    ASSERT_NE(bench.set_state(GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    ASSERT_EQ(bench.set_state(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  }
  bench.play();
  bench.push(bench.frame(1, kCar));
  EXPECT_TRUE(bench.pull());
}

TEST(EkyaLabel, StopsWhileFramesWait) {
  LabelBench bench;
  bench.script().always(Fault::kSlow);
  bench.script().set_slow(Seconds{0.2});
  bench.play();
  for (int i = 1; i <= 4; ++i) bench.push(bench.frame(i, kCar));
  const Seconds begin = steady_now();
  EXPECT_EQ(bench.set_state(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  EXPECT_LT(since(begin).count(), 1);
  EXPECT_THAT(bench.texts(GST_MESSAGE_WARNING), IsEmpty());
}

// For ThreadSanitizer: what may change while playing does, from another thread.
TEST(EkyaLabel, PropertiesMayChangeWhilePlaying) {
  LabelBench bench;
  bench.play();
  std::atomic<bool> ends{false};
  std::thread other([&] {
    for (int i = 0; !ends; ++i) {
      bench.set("sample-rate", static_cast<double>(i % 50));
      bench.set("sampling", i % 3);
      bench.set("label-budget", static_cast<double>(i % 7));
      bench.stat("labels");
    }
  });
  for (int i = 0; i < 300; ++i) bench.push(bench.frame(i / 30.0, kCar));
  ends = true;
  other.join();
  EXPECT_EQ(bench.stat("frames-in"), 300u);
}

// --- Messages

TEST(EkyaLabel, ReportsAtMostOnceASecond) {
  LabelBench bench;
  bench.play();
  for (int i = 1; i <= 5; ++i) {
    bench.push(bench.frame(i, kCar));
    ASSERT_TRUE(bench.pull());
  }
  const auto report = bench.next_element_message("ekya-label");
  ASSERT_TRUE(report);
  EXPECT_STREQ(gst_structure_get_string(report.get(), "stream-id"), "camera0");
  for (const char* field : {"frames", "labels", "doubtful", "dropped"})
    EXPECT_TRUE(gst_structure_has_field_typed(report.get(), field, G_TYPE_UINT64)) << field;
  for (const char* field : {"rate", "golden-ms"})
    EXPECT_TRUE(gst_structure_has_field_typed(report.get(), field, G_TYPE_DOUBLE)) << field;
  EXPECT_FALSE(bench.next_element_message("ekya-label"));
}

}  // namespace
}  // namespace ekya::testing

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  GST_ELEMENT_REGISTER(ekyalabel, nullptr);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
