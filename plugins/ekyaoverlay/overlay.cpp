// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyaoverlay/overlay.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "ekya/base/stream_id.h"

namespace ekya::gst::overlay {
namespace {

struct SurfaceDestroy {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct CairoDestroy {
  void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
};

cairo_format_t cairo_format(GstVideoFormat format) {
  if (format == GST_VIDEO_FORMAT_BGRA) return CAIRO_FORMAT_ARGB32;
  return format == GST_VIDEO_FORMAT_RGB16 ? CAIRO_FORMAT_RGB16_565 : CAIRO_FORMAT_RGB24;
}

/// "car 93 %"
std::string describe(const GstStructure* result) {
  std::string text = drawable(gst_structure_get_string(result, "label"));
  gdouble confidence = -1;
  if (gst_structure_get_double(result, "confidence", &confidence) && confidence >= 0 && confidence <= 1) {
    std::array<char, 16> percent{};
    std::snprintf(percent.data(), percent.size(), " %.0f %%", 100 * confidence);
    text += percent.data();
  }
  return text;
}

Mark to_mark(GstVideoRegionOfInterestMeta* region, const GstStructure* result) {
  Mark mark;
  mark.x = region->x, mark.y = region->y, mark.width = region->w, mark.height = region->h;
  mark.whole_frame = region->roi_type == g_quark_from_static_string(GST_EKYA_ROI_FRAME);
  if (!result) return mark;
  gboolean carried = FALSE;
  mark.text = describe(result);
  gst_structure_get_int(result, "label_id", &mark.colour);
  gst_structure_get_boolean(result, "carried", &carried);
  mark.carried = carried;
  return mark;
}

}  // namespace

StructurePtr Overlay::stats() const {
  return StructurePtr(gst_structure_new("stats", "frames", G_TYPE_UINT64, frames_.load(), "regions", G_TYPE_UINT64,
                                        regions_.load(), "carried", G_TYPE_UINT64, carried_.load(), "generation",
                                        G_TYPE_UINT64, generation_.load(), nullptr));
}

bool Overlay::to_ready() {
  const auto good = check_name("stream-id", settings().stream_id);
  if (!good) GST_ELEMENT_ERROR(element_, LIBRARY, SETTINGS, ("Property %s", good.error().message.c_str()), (nullptr));
  return static_cast<bool>(good);
}

void Overlay::start() {
  frames_ = 0, regions_ = 0, carried_ = 0, generation_ = 0;
  classified_ = false;
  notices_.reset();
  {
    MutexLock lock(board_mutex_);
    if (listening_) return;
  }
  if (const ObjectPtr<GstEkyaScheduler> found{find_scheduler(GST_ELEMENT(element_))}) set_scheduler(found.get());
}

void Overlay::stop() { set_scheduler(nullptr); }

void Overlay::set_scheduler(GstEkyaScheduler* scheduler) {
  auto board = std::make_shared<Board>(settings().stream_id);
  auto listening = scheduler ? std::make_unique<Listening>(scheduler, board) : nullptr;
  MutexLock lock(board_mutex_);
  std::swap(board_, board);
  std::swap(listening_, listening);
  lock.unlock();
  listening.reset();  // Disconnects the old one, without the lock.
  lock.lock();
}

GstFlowReturn Overlay::transform(GstBuffer* buffer) {
  ++frames_;
  const Painting painting = compose(buffer, settings());
  if (painting.marks.empty() && painting.lines.empty()) return GST_FLOW_OK;
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info_, buffer, GST_MAP_READWRITE)) {
    if (const auto text = notices_.take("map", "A frame cannot be drawn on"))
      GST_ELEMENT_WARNING(element_, STREAM, FORMAT, ("%s", text->c_str()), ("it passes as it is"));
    return GST_FLOW_OK;
  }
  draw(&frame, painting);
  gst_video_frame_unmap(&frame);
  return GST_FLOW_OK;
}

Painting Overlay::compose(GstBuffer* buffer, const Settings& settings) {
  Painting painting;
  painting.width = GST_VIDEO_INFO_WIDTH(&info_), painting.height = GST_VIDEO_INFO_HEIGHT(&info_);
  painting.boxes = settings.show_boxes, painting.labels = settings.show_labels;
  gpointer state = nullptr;
  while (auto* meta = gst_buffer_iterate_meta_filtered(buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
    auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
    const GstStructure* result = gst_ekya_region_get_param(region, GST_EKYA_PARAM_CLASSIFICATION);
    if (!result) result = gst_ekya_region_get_param(region, GST_EKYA_PARAM_DETECTION);
    painting.marks.push_back(to_mark(region, result));
    ++regions_;
    if (painting.marks.back().carried) ++carried_;
    guint64 generation = 0;
    if (result && gst_structure_get_uint64(result, "generation", &generation)) {
      generation_ = generation;
      classified_ = true;
    }
  }
  if (!settings.show_boxes && !settings.show_labels) painting.marks.clear();
  if (settings.show_status) painting.lines.push_back(status_line(settings));
  if (!settings.text.empty()) painting.lines.push_back(drawable(settings.text.c_str()));
  return painting;
}

std::string Overlay::status_line(const Settings& settings) const {
  std::string line = settings.stream_id;
  if (classified_) line += ": model " + std::to_string(generation_.load());
  std::shared_ptr<Board> board;
  {
    MutexLock lock(board_mutex_);
    board = board_;
  }
  const std::string said = board ? to_text(board->status()) : "";
  return said.empty() ? line : line + ", " + said;
}

void Overlay::draw(GstVideoFrame* frame, const Painting& painting) {
  const std::unique_ptr<cairo_surface_t, SurfaceDestroy> surface(cairo_image_surface_create_for_data(
      static_cast<unsigned char*>(GST_VIDEO_FRAME_PLANE_DATA(frame, 0)), cairo_format(GST_VIDEO_FRAME_FORMAT(frame)),
      GST_VIDEO_FRAME_WIDTH(frame), GST_VIDEO_FRAME_HEIGHT(frame), GST_VIDEO_FRAME_PLANE_STRIDE(frame, 0)));
  const std::unique_ptr<cairo_t, CairoDestroy> cairo(cairo_create(surface.get()));
  paint(cairo.get(), painting);
  cairo_surface_flush(surface.get());
  const cairo_status_t status = cairo_status(cairo.get());
  if (status == CAIRO_STATUS_SUCCESS) return;
  if (const auto text = notices_.take("cairo", std::string("Cannot draw: ") + cairo_status_to_string(status)))
    GST_ELEMENT_WARNING(element_, LIBRARY, FAILED, ("%s", text->c_str()), ("the frame passes without marks"));
}

}  // namespace ekya::gst::overlay
