// SPDX-License-Identifier: LGPL-2.1-or-later
#include "glue/frame_view.h"

#include <utility>

namespace ekya::gst {
namespace {

/// Bytes from the plane's pointer to the end of the memory that it lies in. A buffer with GstVideoMeta maps each plane
/// by itself; one without is mapped as a whole.
std::size_t readable_bytes(const GstVideoFrame& frame, guint plane) {
  const GstMapInfo& map = frame.map[frame.meta ? plane : 0];
  const auto* data = static_cast<const guint8*>(frame.data[plane]);
  if (!map.data || data < map.data || data >= map.data + map.size) return 0;
  return static_cast<std::size_t>(map.data + map.size - data);
}

device::ImageView view_of(const GstVideoFrame& frame, device::PixelFormat format) {
  device::ImageView image;
  image.format = format;
  image.width = GST_VIDEO_FRAME_WIDTH(&frame);
  image.height = GST_VIDEO_FRAME_HEIGHT(&frame);
  image.bt709 = frame.info.colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT709;
  image.full_range = frame.info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(&frame) && i < image.plane.size(); ++i) {
    image.plane[i] = static_cast<const std::uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, i));
    image.stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, i);
    image.size[i] = readable_bytes(frame, i);
  }
  return image;
}

Error refused(const std::string& reason) { return {ErrorCode::kInvalidArgument, reason}; }

}  // namespace

std::optional<device::PixelFormat> pixel_format(GstVideoFormat format) {
  using device::PixelFormat;
  switch (format) {
    case GST_VIDEO_FORMAT_RGB:
      return PixelFormat::kRgb;
    case GST_VIDEO_FORMAT_BGR:
      return PixelFormat::kBgr;
    case GST_VIDEO_FORMAT_RGBx:
    case GST_VIDEO_FORMAT_RGBA:
      return PixelFormat::kRgbx;
    case GST_VIDEO_FORMAT_BGRx:
    case GST_VIDEO_FORMAT_BGRA:
      return PixelFormat::kBgrx;
    case GST_VIDEO_FORMAT_xRGB:
    case GST_VIDEO_FORMAT_ARGB:
      return PixelFormat::kXrgb;
    case GST_VIDEO_FORMAT_xBGR:
    case GST_VIDEO_FORMAT_ABGR:
      return PixelFormat::kXbgr;
    case GST_VIDEO_FORMAT_NV12:
      return PixelFormat::kNv12;
    case GST_VIDEO_FORMAT_I420:
      return PixelFormat::kI420;
    case GST_VIDEO_FORMAT_GRAY8:
      return PixelFormat::kGray8;
    default:
      return std::nullopt;
  }
}

Result<FrameView> FrameView::map(GstBuffer* buffer, const GstVideoInfo& info) {
  if (gst_buffer_get_size(buffer) == 0) return refused("the buffer is empty");
  FrameView view;
  view.mapped_ = gst_video_frame_map(&view.frame_, &info, buffer, GST_MAP_READ);
  if (!view.mapped_)
    return refused("the buffer of " + std::to_string(gst_buffer_get_size(buffer)) + " bytes cannot be mapped as " +
                   std::to_string(info.width) + "x" + std::to_string(info.height) + " " + GST_VIDEO_INFO_NAME(&info) +
                   " video of " + std::to_string(info.size) + " bytes");
  const auto format = pixel_format(GST_VIDEO_FRAME_FORMAT(&view.frame_));
  if (!format)
    return refused(std::string("video format ") + GST_VIDEO_INFO_NAME(&view.frame_.info) +
                   " is not one of " EKYA_VIDEO_FORMATS);
  view.image_ = view_of(view.frame_, *format);
  if (Status fits = device::check(view.image_); !fits) return fits.error();
  return view;
}

FrameView::FrameView(FrameView&& other) noexcept
    : frame_(other.frame_), mapped_(std::exchange(other.mapped_, false)), image_(other.image_) {}

FrameView::~FrameView() {
  if (mapped_) gst_video_frame_unmap(&frame_);
}

}  // namespace ekya::gst
