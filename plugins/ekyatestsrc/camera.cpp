// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/camera.h"

#include <chrono>

#include "ekyatestsrc/convert.h"
#include "glue/model_file.h"
#include "gst/ekya/gstekyameta.h"

namespace ekya::gst::testsrc {
namespace {

scene::OutputFormat output_format(GstVideoFormat format) {
  switch (format) {
    case GST_VIDEO_FORMAT_RGB:
      return scene::OutputFormat::kRgb;
    case GST_VIDEO_FORMAT_RGBx:
      return scene::OutputFormat::kRgbx;
    case GST_VIDEO_FORMAT_NV12:
      return scene::OutputFormat::kNv12;
    case GST_VIDEO_FORMAT_I420:
      return scene::OutputFormat::kI420;
    default:
      return scene::OutputFormat::kBgrx;
  }
}

/// The set with words for its classes in place of its own labels.
Result<std::shared_ptr<const scene::SpriteSet>> renamed(const scene::SpriteSet& set, const std::string& path) {
  auto words = read_labels(path);
  if (!words) return words.error();
  if (words->size() != set.labels.size())
    return Error{ErrorCode::kInvalidArgument, "'" + path + "' has " + std::to_string(words->size()) +
                                                  " labels, the data set has " + std::to_string(set.labels.size()) +
                                                  " classes"};
  auto copy = std::make_shared<scene::SpriteSet>(set);
  copy->labels = *std::move(words);
  return std::shared_ptr<const scene::SpriteSet>(std::move(copy));
}

Result<std::shared_ptr<const scene::SpriteSet>> load(const Settings& settings) {
  if (settings.sprites.empty()) return std::shared_ptr<const scene::SpriteSet>();
  auto set = scene::load_sprites(settings.sprites);
  if (!set || settings.sprites_labels.empty()) return set;
  return renamed(**set, settings.sprites_labels);
}

}  // namespace

std::vector<std::string> Camera::labels() const {
  const auto labels = labels_.snapshot();
  return labels ? *labels : scene::scene_labels();
}

StructurePtr Camera::stats() const {
  return StructurePtr(gst_structure_new("stats", "frames", G_TYPE_UINT64, frames_.load(), "regions", G_TYPE_UINT64,
                                        regions_.load(), "drift-level", G_TYPE_DOUBLE, level_.load(), "light",
                                        G_TYPE_DOUBLE, light_.load(), "render-ms", G_TYPE_DOUBLE, render_ms_.load(),
                                        nullptr));
}

bool Camera::start() {
  const Settings settings = this->settings();
  auto sprites = load(settings);
  if (!sprites) {
    GST_ELEMENT_ERROR(element_, RESOURCE, OPEN_READ, ("Property sprites: %s", sprites.error().message.c_str()),
                      (nullptr));
    return false;
  }
  const auto labels = *sprites ? (*sprites)->labels : scene::scene_labels();
  const auto drift = scene_drift(settings, labels);
  if (!drift) {
    GST_ELEMENT_ERROR(element_, LIBRARY, SETTINGS, ("%s", drift.error().message.c_str()), (nullptr));
    return false;
  }
  if (settings.drift != 0 && !has_after(settings) && settings.sprites_window_duration <= 0)
    GST_ELEMENT_WARNING(
        element_, LIBRARY, SETTINGS,
        ("Property drift is set, but no -after property says what the scene drifts to; try light-after=0"), (nullptr));
  sprites_.exchange(*sprites);
  labels_.exchange(std::make_shared<const std::vector<std::string>>(labels));
  taken_ = settings;
  begin_ = 0, frame_ = 0, total_ = 0;
  frames_ = 0, regions_ = 0;
  notices_.reset();
  return true;
}

void Camera::stop() {
  scene_.reset();
  sprites_.exchange(nullptr);
  labels_.exchange(nullptr);
  frame_duration_ = GST_CLOCK_TIME_NONE;
}

bool Camera::set_info(const GstVideoInfo& info) {
  begin_ = scene_ ? begin_ + time_of(frame_) : begin_;
  frame_ = 0;
  info_ = info;
  frame_duration_ = time_of(1);
  const auto labels = this->labels();
  const auto drift = scene_drift(taken_, labels);
  scene::SceneOptions options{GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info), taken_.seed,
                              static_cast<int>(taken_.objects), sprites_.snapshot()};
  scene_ = std::make_unique<scene::Scene>(std::move(options), drift ? *drift : scene::SceneDrift{});
  return true;
}

bool Camera::seek(GstSegment* segment) {
  if (segment->rate < 0) return false;
  segment->time = segment->start;
  begin_ = 0;
  frame_ = 0;
  if (GST_VIDEO_INFO_FPS_N(&info_) > 0)
    frame_ = gst_util_uint64_scale(segment->position, GST_VIDEO_INFO_FPS_N(&info_),
                                   GST_VIDEO_INFO_FPS_D(&info_) * GST_SECOND);
  total_ = frame_;
  return true;
}

GstClockTime Camera::time_of(guint64 frame) const {
  return gst_util_uint64_scale(frame, GST_VIDEO_INFO_FPS_D(&info_) * GST_SECOND, GST_VIDEO_INFO_FPS_N(&info_));
}

// A change while playing that makes no sense leaves what was there.
void Camera::take_settings(const Settings& settings) {
  if (settings == taken_) return;
  auto drift = scene_drift(settings, scene_->labels());
  taken_ = settings;
  if (drift) return scene_->set_drift(*std::move(drift));
  if (const auto text = notices_.take("settings", drift.error().message))
    GST_ELEMENT_WARNING(element_, LIBRARY, SETTINGS, ("%s", text->c_str()), ("the scene goes on as it was"));
}

GstFlowReturn Camera::fill(GstBuffer* buffer) {
  if (!scene_) return GST_FLOW_NOT_NEGOTIATED;
  take_settings(settings());
  stamp(buffer);
  GstVideoFrame frame;
  if (!gst_video_frame_map(&frame, &info_, buffer, GST_MAP_WRITE)) {
    GST_ELEMENT_ERROR(element_, RESOURCE, WRITE, ("The downstream element's buffer cannot be written to"), (nullptr));
    return GST_FLOW_ERROR;
  }
  const auto begin = std::chrono::steady_clock::now();
  const double seconds = static_cast<double>(GST_BUFFER_PTS(buffer)) / GST_SECOND;
  const auto& truth = scene_->render(seconds, GST_BUFFER_OFFSET(buffer));
  draw(&frame);
  gst_video_frame_unmap(&frame);
  attach(buffer, truth);
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
  frames_ += 1, regions_ += truth.size();
  level_ = scene_->level(seconds), light_ = scene_->conditions(seconds).light, render_ms_ = taken.count();
  return GST_FLOW_OK;
}

void Camera::stamp(GstBuffer* buffer) {
  GST_BUFFER_PTS(buffer) = begin_ + time_of(frame_);
  GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(buffer) = time_of(frame_ + 1) - time_of(frame_);
  GST_BUFFER_OFFSET(buffer) = total_++;
  GST_BUFFER_OFFSET_END(buffer) = total_;
  ++frame_;
}

void Camera::draw(GstVideoFrame* frame) const {
  scene::OutputFrame out;
  out.format = output_format(GST_VIDEO_INFO_FORMAT(&info_));
  out.bt709 = info_.colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT709;
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(frame); ++i) {
    out.plane[i] = static_cast<std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(frame, i));
    out.stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE(frame, i);
  }
  write(scene_->canvas(), out);
}

// Regions as an upstream detector gives them, without a class; the class is in a parameter for who measures.
void Camera::attach(GstBuffer* buffer, const std::vector<scene::Truth>& truth) const {
  for (const auto& object : truth) {
    auto* region = gst_buffer_add_video_region_of_interest_meta(
        buffer, "object", static_cast<guint>(object.x), static_cast<guint>(object.y), static_cast<guint>(object.width),
        static_cast<guint>(object.height));
    region->id = static_cast<gint>(object.id);
    gst_video_region_of_interest_meta_add_param(
        region, gst_structure_new(GST_EKYA_PARAM_TRUTH, "label", G_TYPE_STRING, scene_->labels()[object.label].c_str(),
                                  "label_id", G_TYPE_INT, object.label, nullptr));
  }
}

// A real camera exposes for a frame's time before it can give the frame, and its users count on that much.
bool Camera::answer(GstQuery* query) const {
  const GstClockTime latency = frame_duration_;
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY || !gst_base_src_is_live(element_) || latency == GST_CLOCK_TIME_NONE)
    return false;
  gst_query_set_latency(query, TRUE, latency, latency);
  return true;
}

}  // namespace ekya::gst::testsrc
