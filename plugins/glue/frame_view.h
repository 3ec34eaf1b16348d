// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

#include <optional>

#include "ekya/base/result.h"
#include "ekya/device/preprocess.h"

/// Formats that the elements read, for pad templates.
#define EKYA_VIDEO_FORMATS \
  "{ RGB, BGR, RGBx, BGRx, xRGB, xBGR, RGBA, BGRA, ARGB, ABGR, NV12, I420, GRAY8 }"

namespace ekya::gst {

/// A buffer mapped for reading, as the preprocessing sees it. Planes are checked against the mapped memory, so that
/// nothing reads past it. Holds a reference on the buffer.
class FrameView {
 public:
  /// Errors: kInvalidArgument for a format that is not in EKYA_VIDEO_FORMATS, a buffer that cannot be mapped or is
  /// too small; the message has the needed and the found bytes.
  static Result<FrameView> map(GstBuffer* buffer, const GstVideoInfo& info);
  FrameView(FrameView&& other) noexcept;
  FrameView& operator=(FrameView&&) = delete;
  ~FrameView();

  const device::ImageView& image() const { return image_; }

 private:
  FrameView() = default;
  GstVideoFrame frame_{};
  bool mapped_ = false;
  device::ImageView image_;
};

std::optional<device::PixelFormat> pixel_format(GstVideoFormat format);

}  // namespace ekya::gst
