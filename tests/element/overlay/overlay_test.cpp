// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gst/check/gstharness.h>
#include <gst/ekya/ekya.h>
#include <gst/video/video.h>

#include <array>
#include <cmath>
#include <functional>

#include "ekyaoverlay/board.h"
#include "ekyaoverlay/gstekyaoverlay.h"
#include "ekyaoverlay/painter.h"
#include "glue/ptr.h"

namespace ekya::gst::overlay {
namespace {

using ::testing::HasSubstr;

constexpr int kWidth = 160, kHeight = 120;
using Buffer = MiniPtr<GstBuffer>;

/// ekyaoverlay alone, fed with grey frames.
class OverlayHarness {
 public:
  explicit OverlayHarness(const std::string& properties, const std::string& format = "BGRx") {
    GST_ELEMENT_REGISTER(ekyaoverlay, nullptr);
    harness_ = gst_harness_new_parse(("ekyaoverlay " + properties).c_str());
    gst_harness_set_src_caps_str(harness_,
                                 ("video/x-raw,width=160,height=120,framerate=15/1,format=" + format).c_str());
  }
  ~OverlayHarness() { gst_harness_teardown(harness_); }
  OverlayHarness(const OverlayHarness&) = delete;

  GstHarness* harness() { return harness_; }

  Buffer push(
      const std::function<void(GstBuffer*)>& add_regions = [](GstBuffer*) {}, std::size_t bytes = 4) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kWidth * kHeight * bytes, nullptr);
    gst_buffer_memset(buffer, 0, 100, gst_buffer_get_size(buffer));
    add_regions(buffer);
    return Buffer(gst_harness_push_and_pull(harness_, buffer));
  }

 private:
  GstHarness* harness_;
};

void add_region(GstBuffer* buffer, const char* label, bool carried = false, const char* type = "object") {
  auto* region = gst_buffer_add_video_region_of_interest_meta(buffer, type, 40, 50, 60, 40);
  if (!label) return;
  gst_ekya_region_set_param(
      region, gst_structure_new(GST_EKYA_PARAM_CLASSIFICATION, "label", G_TYPE_STRING, label, "label_id", G_TYPE_INT, 1,
                                "confidence", G_TYPE_DOUBLE, 0.93, "generation", G_TYPE_UINT64, guint64{7}, "carried",
                                G_TYPE_BOOLEAN, static_cast<gboolean>(carried), nullptr));
}

/// How much the byte at (x, y) differs from the grey that was there.
int change(GstBuffer* buffer, int x, int y) {
  std::array<std::uint8_t, 3> pixel{};
  gst_buffer_extract(buffer, static_cast<gsize>(4 * (y * kWidth + x)), pixel.data(), pixel.size());
  int most = 0;
  for (int value : pixel) most = std::max(most, std::abs(value - 100));
  return most;
}

TEST(EkyaOverlay, DrawsTheBorderOfABoxAndNothingElse) {
  OverlayHarness overlay("show-status=false show-labels=false");
  const Buffer out = overlay.push([](GstBuffer* b) { add_region(b, "car"); });
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      const bool in_outer = x >= 40 && x < 100 && y >= 50 && y < 90, in_inner = x >= 42 && x < 98 && y >= 52 && y < 88;
      const bool on_edge = in_outer && (x == 40 || y == 50 || x == 99 || y == 89);
      if (!in_outer || in_inner) {
        ASSERT_EQ(change(out.get(), x, y), 0) << x << "," << y;
      }
      if (on_edge) {
        ASSERT_GE(change(out.get(), x, y), 30) << x << "," << y;
      }
    }
}

TEST(EkyaOverlay, DimsCarriedResults) {
  OverlayHarness overlay("show-status=false show-labels=false");
  const Buffer fresh = overlay.push([](GstBuffer* b) { add_region(b, "car", false); });
  const Buffer carried = overlay.push([](GstBuffer* b) { add_region(b, "car", true); });
  EXPECT_GE(change(fresh.get(), 40, 70), 1.5 * change(carried.get(), 40, 70));
  EXPECT_GE(change(carried.get(), 40, 70), 10);
}

int changed_pixels(GstBuffer* buffer, int top, int bottom) {
  int count = 0;
  for (int y = top; y < bottom; ++y)
    for (int x = 0; x < kWidth; ++x) count += change(buffer, x, y) > 10;
  return count;
}

TEST(EkyaOverlay, WritesTheClassAboveItsBox) {
  OverlayHarness overlay("show-status=false show-boxes=false");
  const Buffer named = overlay.push([](GstBuffer* b) { add_region(b, "motorcycle"); });
  EXPECT_GE(changed_pixels(named.get(), 40, 50), 200);
  EXPECT_EQ(changed_pixels(named.get(), 52, kHeight), 0);
  const Buffer unknown = overlay.push([](GstBuffer* b) { add_region(b, nullptr); });
  EXPECT_EQ(changed_pixels(unknown.get(), 0, kHeight), 0);
}

TEST(EkyaOverlay, WritesStatusAndTextAtTheTop) {
  OverlayHarness overlay("stream-id=gate text=Hello");
  const Buffer out = overlay.push();
  EXPECT_GE(changed_pixels(out.get(), 0, 9), 100);
  EXPECT_GE(changed_pixels(out.get(), 9, 18), 100);
  EXPECT_EQ(changed_pixels(out.get(), 20, kHeight), 0);
}

TEST(EkyaOverlay, LeavesThePictureAloneWhenAllIsOff) {
  OverlayHarness overlay("show-status=false show-boxes=false show-labels=false");
  const Buffer out = overlay.push([](GstBuffer* b) { add_region(b, "car"); });
  EXPECT_EQ(changed_pixels(out.get(), 0, kHeight), 0);
}

TEST(EkyaOverlay, KeepsTheRegionsAndCountsThem) {
  OverlayHarness overlay("");
  const Buffer out = overlay.push([](GstBuffer* b) { add_region(b, "car", true); });
  EXPECT_NE(gst_buffer_get_video_region_of_interest_meta_id(out.get(), 0), nullptr);
  const ObjectPtr<GstElement> element(gst_harness_find_element(overlay.harness(), "ekyaoverlay"));
  GstStructure* stats = nullptr;
  g_object_get(element.get(), "stats", &stats, nullptr);
  const StructurePtr owned(stats);
  guint64 carried = 0, generation = 0;
  EXPECT_TRUE(
      gst_structure_get(stats, "carried", G_TYPE_UINT64, &carried, "generation", G_TYPE_UINT64, &generation, nullptr));
  EXPECT_EQ(carried, 1u);
  EXPECT_EQ(generation, 7u);
}

TEST(EkyaOverlay, DrawsInEachOfItsFormatsAndNoOther) {
  OverlayHarness alpha("", "BGRA"), small("", "RGB16");
  EXPECT_GE(changed_pixels(alpha.push().get(), 0, 9), 100);
  EXPECT_TRUE(small.push([](GstBuffer*) {}, 2));
  OverlayHarness planar("", "I420");
  GstBuffer* frame = gst_buffer_new_allocate(nullptr, kWidth * kHeight * 3 / 2, nullptr);
  EXPECT_EQ(gst_harness_push(planar.harness(), frame), GST_FLOW_NOT_NEGOTIATED);
}

TEST(EkyaOverlay, SurvivesRegionsOutsideAndStrangeTexts) {
  OverlayHarness overlay("");
  const ObjectPtr<GstElement> element(gst_harness_find_element(overlay.harness(), "ekyaoverlay"));
  g_object_set(element.get(), "text", "\xff\xfe", nullptr);
  const Buffer out = overlay.push([](GstBuffer* b) {
    gst_buffer_add_video_region_of_interest_meta(b, "object", G_MAXUINT, G_MAXUINT, G_MAXUINT, G_MAXUINT);
    gst_buffer_add_video_region_of_interest_meta(b, "object", 1000, 1000, 0, 0);
    add_region(b, "car\n\033[2J"), add_region(b, std::string(5000, 'x').c_str());
  });
  EXPECT_TRUE(out);
}

TEST(EkyaOverlay, RefusesAShortBufferWithoutStopping) {
  OverlayHarness overlay("");
  EXPECT_EQ(gst_harness_push(overlay.harness(), gst_buffer_new_allocate(nullptr, 10, nullptr)), GST_FLOW_OK);
}

TEST(EkyaOverlay, DoesNotStartWithABadStreamId) {
  GST_ELEMENT_REGISTER(ekyaoverlay, nullptr);
  const ObjectPtr<GstElement> element(
      static_cast<GstElement*>(gst_object_ref_sink(gst_element_factory_make("ekyaoverlay", nullptr))));
  g_object_set(element.get(), "stream-id", "../x", nullptr);
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_READY), GST_STATE_CHANGE_FAILURE);
  gst_element_set_state(element.get(), GST_STATE_NULL);
}

GstStructure* stream(const char* id) {
  return gst_structure_new("stream", "stream-id", G_TYPE_STRING, id, "inference-share", G_TYPE_DOUBLE, 0.4,
                           "retraining-share", G_TYPE_DOUBLE, 0.35, "retraining-config", G_TYPE_STRING, "head-e5",
                           "measured-accuracy", G_TYPE_DOUBLE, 0.87, nullptr);
}

StructurePtr said(const char* name, const char* id) {
  GValue list = G_VALUE_INIT, item = G_VALUE_INIT;
  g_value_init(&list, GST_TYPE_LIST);
  g_value_init(&item, GST_TYPE_STRUCTURE);
  g_value_take_boxed(&item, stream(id));
  gst_value_list_append_and_take_value(&list, &item);
  StructurePtr out(gst_structure_new_empty(name));
  gst_structure_take_value(out.get(), "streams", &list);
  return out;
}

TEST(Board, SaysWhatTheSchedulerSaidOfItsStream) {
  Board board("camera0");
  board.hear_plan(said("ekya-plan", "camera1").get());
  EXPECT_EQ(to_text(board.status()), "");
  board.hear_plan(said("ekya-plan", "camera0").get());
  board.hear_window(said("ekya-window", "camera0").get());
  EXPECT_EQ(to_text(board.status()), "inference 0.40, retraining 0.35 (head-e5), accuracy 87 %");
  const StructurePtr grant(gst_structure_new("ekya-share-grant", "stream-id", G_TYPE_STRING, "camera0", "kind",
                                             G_TYPE_STRING, "inference", "share", G_TYPE_DOUBLE, 0.75, nullptr));
  board.hear_grant(grant.get());
  EXPECT_THAT(to_text(board.status()), HasSubstr("inference 0.75"));
}

TEST(Board, IgnoresNonsense) {
  Board board("camera0");
  const StructurePtr empty(gst_structure_new_empty("x"));
  const StructurePtr wild(gst_structure_new("ekya-share-grant", "stream-id", G_TYPE_STRING, "camera0", "kind",
                                            G_TYPE_STRING, "inference", "share", G_TYPE_DOUBLE, std::nan(""), nullptr));
  const StructurePtr typed(gst_structure_new("ekya-plan", "streams", G_TYPE_STRING, "many", nullptr));
  board.hear_grant(empty.get()), board.hear_plan(empty.get()), board.hear_window(empty.get());
  board.hear_grant(wild.get()), board.hear_plan(typed.get());
  EXPECT_EQ(to_text(board.status()), "");
}

TEST(EkyaOverlay, ListensToASchedulerThatIsSetAsContext) {
  OverlayHarness overlay("");
  const ObjectPtr<GstEkyaScheduler> scheduler(gst_ekya_scheduler_new());
  const ObjectPtr<GstElement> element(gst_harness_find_element(overlay.harness(), "ekyaoverlay"));
  GstContext* context = gst_context_new_ekya_scheduler(scheduler.get());
  gst_element_set_context(element.get(), context);
  gst_context_unref(context);
  const Buffer before = overlay.push();
  const StructurePtr plan = said("ekya-plan", "camera0");
  g_signal_emit_by_name(scheduler.get(), "plan", plan.get());
  const Buffer after = overlay.push();
  EXPECT_GE(changed_pixels(after.get(), 0, 9), changed_pixels(before.get(), 0, 9) + 300) << "a longer line";
}

TEST(Drawable, KeepsTextThatCairoTakes) {
  EXPECT_EQ(drawable("tram"), "tram");
  EXPECT_EQ(drawable("Stra\xc3\x9f"
                     "e"),
            "Stra\xc3\x9f"
            "e");
  EXPECT_EQ(drawable("a\nb"), "a\\x0ab");
  EXPECT_EQ(drawable(nullptr), "");
}

}  // namespace
}  // namespace ekya::gst::overlay

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  ::testing::InitGoogleTest(&argc, argv);
  const int result = RUN_ALL_TESTS();
  gst_deinit();
  return result;
}
