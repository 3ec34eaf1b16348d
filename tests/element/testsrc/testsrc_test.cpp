// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "ekyatestsrc/gstekyatestsrc.h"
#include "glue/ptr.h"
#include "gst/ekya/gstekyameta.h"

namespace ekya::gst {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Buffer = MiniPtr<GstBuffer>;

/// ekyatestsrc alone, with its properties and caps set by text.
class TestSrc {
 public:
  explicit TestSrc(const std::string& properties = "", const std::string& caps = "video/x-raw,width=320,height=180") {
    GST_ELEMENT_REGISTER(ekyatestsrc, nullptr);
    const std::string launch = "ekyatestsrc name=source " + properties;
    element_ = gst_parse_launch(launch.c_str(), nullptr);
    gst_object_ref_sink(element_);
    gst_element_set_bus(element_, bus_.get());
    harness_ = gst_harness_new_with_element(element_, nullptr, "src");
    gst_harness_set_sink_caps_str(harness_, caps.c_str());
  }
  ~TestSrc() {
    gst_harness_teardown(harness_);
    gst_element_set_bus(element_, nullptr);
    gst_object_unref(element_);
  }
  TestSrc(const TestSrc&) = delete;

  GstHarness* harness() { return harness_; }
  GstElement* element() { return element_; }
  void play() { gst_harness_play(harness_); }
  Buffer pull() { return Buffer(gst_harness_pull(harness_)); }

  /// Text of the first message of that type.
  std::string message(GstMessageType type, GstClockTime longest = 5 * GST_SECOND) {
    const MiniPtr<GstMessage> message(gst_bus_timed_pop_filtered(bus_.get(), longest, type));
    if (!message) return "";
    GError* error = nullptr;
    if (type == GST_MESSAGE_ERROR)
      gst_message_parse_error(message.get(), &error, nullptr);
    else
      gst_message_parse_warning(message.get(), &error, nullptr);
    return ErrorPtr(error)->message;
  }

 private:
  ObjectPtr<GstBus> bus_{gst_bus_new()};
  GstElement* element_;
  GstHarness* harness_;
};

std::vector<std::uint8_t> bytes(GstBuffer* buffer) {
  std::vector<std::uint8_t> out(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, out.data(), out.size());
  return out;
}

struct Region {
  gint id;
  std::string type, label;
  guint params;
};
std::vector<Region> regions(GstBuffer* buffer) {
  std::vector<Region> out;
  gpointer state = nullptr;
  while (auto* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    const auto* truth = gst_video_region_of_interest_meta_get_param(region, GST_EKYA_PARAM_TRUTH);
    out.push_back({region->id, g_quark_to_string(region->roi_type),
                   truth ? gst_structure_get_string(truth, "label") : "", g_list_length(region->params)});
  }
  return out;
}

TEST(EkyaTestSrc, Gives640x360At15FramesByDefault) {
  TestSrc src("", "video/x-raw");
  src.play();
  ASSERT_TRUE(src.pull());
  const MiniPtr<GstCaps> caps(gst_pad_get_current_caps(GST_PAD_PEER(src.harness()->sinkpad)));
  GstVideoInfo info;
  ASSERT_TRUE(gst_video_info_from_caps(&info, caps.get()));
  EXPECT_EQ(info.width, 640);
  EXPECT_EQ(info.height, 360);
  EXPECT_EQ(info.fps_n, 15);
  EXPECT_EQ(info.finfo->format, GST_VIDEO_FORMAT_BGRx);
}

TEST(EkyaTestSrc, StampsFramesWithoutDrift) {
  TestSrc src("", "video/x-raw,width=16,height=16,framerate=30000/1001");
  src.play();
  GstClockTime next = 0;
  for (guint64 i = 0; i < 100; ++i) {
    const Buffer buffer = src.pull();
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), gst_util_uint64_scale(i, 1001 * GST_SECOND, 30000));
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), next);
    EXPECT_EQ(GST_BUFFER_OFFSET(buffer.get()), i);
    next += GST_BUFFER_DURATION(buffer.get());
  }
}

TEST(EkyaTestSrc, RepeatsItselfForTheSameSeedOnly) {
  TestSrc a("seed=4 light=0 weather=rain"), b("seed=4 light=0 weather=rain"), c("seed=5 light=0 weather=rain");
  for (TestSrc* src : {&a, &b, &c}) src->play();
  for (int i = 0; i < 5; ++i) {
    const auto frame = bytes(a.pull().get());
    EXPECT_EQ(frame, bytes(b.pull().get()));
    EXPECT_NE(frame, bytes(c.pull().get()));
  }
}

TEST(EkyaTestSrc, ShowsTheSamePictureInEachFormat) {
  TestSrc bgrx("", "video/x-raw,format=BGRx,width=64,height=36"), rgb("", "video/x-raw,format=RGB,width=64,height=36");
  bgrx.play(), rgb.play();
  const auto a = bytes(bgrx.pull().get()), b = bytes(rgb.pull().get());
  ASSERT_EQ(b.size(), 64u * 36 * 3);
  for (std::size_t pixel = 0; pixel < 64 * 36; ++pixel)
    for (std::size_t channel = 0; channel < 3; ++channel) ASSERT_EQ(a[4 * pixel + 2 - channel], b[3 * pixel + channel]);
  for (const char* format : {"RGBx", "NV12", "I420"})
    for (const char* size : {"width=16,height=16", "width=641,height=361", "width=1920,height=1080"}) {
      SCOPED_TRACE(std::string(format) + " " + size);
      TestSrc src("", std::string("video/x-raw,format=") + format + "," + size);
      src.play();
      EXPECT_TRUE(src.pull());
    }
}

TEST(EkyaTestSrc, AttachesRegionsWithoutAClassButWithTheTruth) {
  TestSrc src("objects=8", "video/x-raw,width=640,height=360");
  src.play();
  const std::set<std::string> labels{"car", "truck", "bus", "person", "bicycle", "motorcycle"};
  std::map<gint, std::string> seen;
  std::size_t count = 0;
  for (int i = 0; i < 60; ++i)
    for (const Region& region : regions(src.pull().get())) {
      EXPECT_EQ(region.type, "object");
      EXPECT_EQ(region.params, 1u);
      EXPECT_TRUE(labels.contains(region.label));
      EXPECT_EQ(seen.emplace(region.id, region.label).first->second, region.label) << "id " << region.id;
      ++count;
    }
  EXPECT_GE(count, 120u);
  EXPECT_GE(count, 5 * seen.size()) << "an object keeps its id";
}

TEST(EkyaTestSrc, IsLiveWithTheLatencyOfAFrame) {
  TestSrc src("is-live=true", "video/x-raw,width=16,height=16,framerate=20/1");
  gst_harness_use_testclock(src.harness());
  src.play();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(gst_harness_crank_single_clock_wait(src.harness()));
    EXPECT_EQ(GST_BUFFER_PTS(src.pull().get()), static_cast<GstClockTime>(i) * 50 * GST_MSECOND);
  }
  EXPECT_EQ(gst_harness_query_latency(src.harness()), 50 * GST_MSECOND);
}

TEST(EkyaTestSrc, IsNotSeekableWhenLive) {
  TestSrc src("is-live=true");
  gst_harness_use_testclock(src.harness());
  src.play();
  ASSERT_TRUE(gst_harness_crank_single_clock_wait(src.harness()));
  src.pull();
  const MiniPtr<GstQuery> query(gst_query_new_seeking(GST_FORMAT_TIME));
  gboolean seekable = TRUE;
  if (gst_element_query(src.element(), query.get()))
    gst_query_parse_seeking(query.get(), nullptr, &seekable, nullptr, nullptr);
  EXPECT_FALSE(seekable);
}

TEST(EkyaTestSrc, GivesTheSameFrameAfterASeek) {
  TestSrc straight("seed=3"), seeker("seed=3");
  straight.play();
  std::vector<std::uint8_t> wanted;
  for (int i = 0; i <= 30; ++i) wanted = bytes(straight.pull().get());
  seeker.play();
  seeker.pull();
  ASSERT_TRUE(gst_element_seek_simple(seeker.element(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 2 * GST_SECOND));
  for (int i = 0; i < 100; ++i) {
    const Buffer buffer = seeker.pull();
    if (GST_BUFFER_PTS(buffer.get()) != 2 * GST_SECOND) continue;
    EXPECT_EQ(bytes(buffer.get()), wanted);
    return;
  }
  FAIL() << "no frame of 2 s";
}

TEST(EkyaTestSrc, DarkensWhenLightIsChangedWhilePlaying) {
  TestSrc src;
  src.play();
  const auto day = bytes(src.pull().get());
  g_object_set(src.element(), "light", 0.0, nullptr);
  std::vector<std::uint8_t> night;
  for (int i = 0; i < 200; ++i) night = bytes(src.pull().get());
  const auto sum = [](const auto& v) { return std::accumulate(v.begin(), v.end(), 0.0); };
  EXPECT_LT(sum(night), 0.75 * sum(day));  // A quarter of the bytes is unused and stays.
  GstStructure* stats = nullptr;
  g_object_get(src.element(), "stats", &stats, nullptr);
  const StructurePtr owned(stats);
  gdouble light = 1;
  EXPECT_TRUE(gst_structure_get_double(stats, "light", &light));
  EXPECT_EQ(light, 0);
}

TEST(EkyaTestSrc, GoesOnWithTheOldMixWhenANewOneIsWrong) {
  TestSrc src("class-mix=bus=1");
  src.play();
  src.pull();
  g_object_set(src.element(), "class-mix", "tram=1", nullptr);
  for (int i = 0; i < 200; ++i)
    for (const Region& region : regions(src.pull().get())) ASSERT_EQ(region.label, "bus");
  EXPECT_THAT(src.message(GST_MESSAGE_WARNING), HasSubstr("property class-mix: class mix entry 'tram=1'"));
}

TEST(EkyaTestSrc, DoesNotStartWithWrongProperties) {
  struct Row {
    const char *properties, *word;
  };
  for (const Row& row :
       {Row{"class-mix=tram=1", "property class-mix:"}, Row{"class-mix-after=car", "property class-mix-after:"},
        Row{"sprites=/nowhere/at-all", "/nowhere/at-all"}, Row{"sprites=/etc/passwd", "/etc/passwd"},
        Row{"sprites=/", "//index.csv"}}) {
    TestSrc src(row.properties);
    EXPECT_EQ(gst_element_set_state(src.element(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE) << row.properties;
    EXPECT_THAT(src.message(GST_MESSAGE_ERROR), HasSubstr(row.word));
    EXPECT_EQ(src.message(GST_MESSAGE_ERROR, 0), "") << "one error is enough";
  }
}

TEST(EkyaTestSrc, WarnsOfADriftToNowhere) {
  TestSrc src("drift=abrupt");
  src.play();
  EXPECT_THAT(src.message(GST_MESSAGE_WARNING), HasSubstr("no -after property"));
}

TEST(EkyaTestSrc, NamesItsClasses) {
  TestSrc src;
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_ARRAY);
  g_object_get_property(G_OBJECT(src.element()), "labels", &value);
  std::vector<std::string> labels;
  for (guint i = 0; i < gst_value_array_get_size(&value); ++i)
    labels.emplace_back(g_value_get_string(gst_value_array_get_value(&value, i)));
  g_value_unset(&value);
  EXPECT_THAT(labels, ElementsAre("car", "truck", "bus", "person", "bicycle", "motorcycle"));
}

// Every property that may change while playing takes any value in its range, in any combination.
TEST(EkyaTestSrc, RunsWithAnyCombinationOfProperties) {
  TestSrc src("", "video/x-raw,width=64,height=48,framerate=5/1");
  src.play();
  std::mt19937 random(1);
  guint count = 0;
  const std::unique_ptr<GParamSpec*, internal::GFree> specs(
      g_object_class_list_properties(G_OBJECT_GET_CLASS(src.element()), &count));
  for (int round = 0; round < 300; ++round) {
    for (guint i = 0; i < count; ++i) {
      GParamSpec* spec = specs.get()[i];
      if (!(spec->flags & GST_PARAM_MUTABLE_PLAYING)) continue;
      const double part = std::uniform_real_distribution<>(0, 1)(random);
      if (G_IS_PARAM_SPEC_DOUBLE(spec)) {
        const auto* range = G_PARAM_SPEC_DOUBLE(spec);
        g_object_set(src.element(), spec->name, std::lerp(range->minimum, std::min(range->maximum, 100.0), part),
                     nullptr);
      } else if (G_IS_PARAM_SPEC_ENUM(spec)) {
        const auto* values = G_PARAM_SPEC_ENUM(spec)->enum_class;
        g_object_set(src.element(), spec->name, values->values[static_cast<guint>(part * values->n_values)].value,
                     nullptr);
      }
    }
    ASSERT_TRUE(src.pull());
  }
}

TEST(EkyaTestSrc, StartsAndStopsAgainAndAgain) {
  TestSrc src("drift=recurring light-after=0");
  for (int i = 0; i < 20; ++i) {
    src.play();
    ASSERT_TRUE(src.pull());
    ASSERT_EQ(gst_element_set_state(src.element(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    while (GstBuffer* left = gst_harness_try_pull(src.harness())) gst_buffer_unref(left);
  }
}

}  // namespace
}  // namespace ekya::gst

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  ::testing::InitGoogleTest(&argc, argv);
  const int result = RUN_ALL_TESTS();
  gst_deinit();
  return result;
}
