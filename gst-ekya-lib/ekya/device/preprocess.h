// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ekya/base/result.h"

namespace ekya::device {

/// Pixel layouts that the preprocessing reads, named as GStreamer names them.
enum class PixelFormat { kRgb, kBgr, kRgbx, kBgrx, kXrgb, kXbgr, kNv12, kI420, kGray8 };

/// A frame in somebody else's memory.
struct ImageView {
  PixelFormat format = PixelFormat::kRgb;
  int width = 0, height = 0;  ///< In pixels.
  std::array<const std::uint8_t*, 3> plane{};
  std::array<std::size_t, 3> size{};  ///< Bytes that may be read from each plane's pointer on.
  std::array<int, 3> stride{};        ///< Bytes from row to row.
  bool bt709 = false;                 ///< YUV matrix: BT.709, else BT.601.
  bool full_range = false;            ///< YUV range: 0..255 (JPEG), else 16..235. Grey is always taken as it is.
};

/// In pixels of the image; parts outside of it are cut off.
struct Rect {
  int x = 0, y = 0, width = 0, height = 0;
};

/// Checks that every row of every plane lies within the plane's size, so that no read passes the mapping; the last row
/// need not have the padding of a full stride.
/// Errors: kInvalidArgument naming plane, needed and found bytes.
Status check(const ImageView& image);

/// Per-channel normalisation: (value / 255 - mean) / std, channels in the order R, G, B.
struct Normalisation {
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> std{1, 1, 1};
};

/// Cuts the rectangle out, resizes it (bilinear with half-pixel centres and averaging when shrinking more than 2x) and
/// writes RGB bytes: shape [height, width, 3]. Each axis is treated by itself. Chroma of 4:2:0 is repeated, not
/// interpolated. `image` has passed check(). Cost: linear in the pixels of the rectangle plus those of the result.
/// Errors: kInvalidArgument if the rectangle has no pixel inside the image or `out` has another size.
Status crop_resize(const ImageView& image, const Rect& rect, int width, int height, std::span<std::uint8_t> out);

/// Bytes [height, width, 3] to floats [3, height, width], normalised.
void normalise(std::span<const std::uint8_t> rgb, int width, int height, const Normalisation& normalisation,
               std::span<float> out);

}  // namespace ekya::device
