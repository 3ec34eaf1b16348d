// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>

namespace ekya::testing {

/// An RGB frame of one colour that is legal and strange: in read-only memory that begins at an odd address, with rows
/// of an odd stride and nothing behind the last one. One region of interest reaches far out of it.
inline GstBuffer* odd_frame(int width, int height, guint8 red, guint8 green) {
  constexpr gsize kOffset = 7;
  const gint stride = 3 * width + 2;
  const gsize size = kOffset + static_cast<gsize>(stride) * (height - 1) + 3 * width;
  auto* data = static_cast<guint8*>(g_malloc0(size));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      guint8* pixel = data + kOffset + y * stride + 3 * x;
      pixel[0] = red, pixel[1] = green;
    }
  GstBuffer* frame = gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, data, size, 0, size, data, g_free);
  gsize offsets[4] = {kOffset};
  gint strides[4] = {stride};
  gst_buffer_add_video_meta_full(frame, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB, width, height, 1, offsets,
                                 strides);
  gst_buffer_add_video_region_of_interest_meta(frame, "vehicle", width - 1, height - 1, 1000, G_MAXUINT);
  return frame;
}

/// A grey NV12 frame of 7680x4320: 50 MB.
inline constexpr const char* kEightKCaps = "video/x-raw,format=NV12,width=7680,height=4320,framerate=30/1";
inline GstBuffer* eight_k_frame() {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_NV12, 7680, 4320);
  GstBuffer* frame = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
  gst_buffer_memset(frame, 0, 128, GST_VIDEO_INFO_SIZE(&info));
  gst_buffer_add_video_region_of_interest_meta(frame, "vehicle", 100, 100, 7000, 4000);
  return frame;
}

}  // namespace ekya::testing
