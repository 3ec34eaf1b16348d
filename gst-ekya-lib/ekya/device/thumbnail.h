// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ekya/device/preprocess.h"

namespace ekya::device {

constexpr int kThumbnailColumns = 32, kThumbnailRows = 24, kThumbnailPoints = kThumbnailColumns * kThumbnailRows;

/// A frame in few points, to tell whether the scene has changed: luma, or green, of a grid of 32 × 24 pixels.
using Thumbnail = std::array<std::uint8_t, kThumbnailPoints>;

/// Single grey pixels of an image: luma, or green where there is none. `image` has passed check() and outlives it.
class GreyPixels {
 public:
  explicit GreyPixels(const ImageView& image);
  int at(int x, int y) const { return first_[std::ptrdiff_t{y} * stride_ + std::ptrdiff_t{x} * pixel_]; }

 private:
  const std::uint8_t* first_;
  std::ptrdiff_t stride_, pixel_;  ///< Bytes from row to row, from pixel to pixel.
};

/// Calls visit(point, x, y) for the pixels of the grid.
template <typename Visit>
void for_each_thumbnail_point(const ImageView& image, const Visit& visit) {
  for (int row = 0; row < kThumbnailRows; ++row) {
    const auto y = static_cast<int>((2 * row + 1) * std::int64_t{image.height} / (2 * kThumbnailRows));
    for (int column = 0; column < kThumbnailColumns; ++column) {
      const auto x = static_cast<int>((2 * column + 1) * std::int64_t{image.width} / (2 * kThumbnailColumns));
      visit(row * kThumbnailColumns + column, x, y);
    }
  }
}

/// `image` has passed check(). Reads 768 bytes, whatever the size: cheap enough for a streaming thread.
Thumbnail take_thumbnail(const ImageView& image);

/// Mean absolute difference of the points, 0..255.
double difference(const Thumbnail& a, const Thumbnail& b);

}  // namespace ekya::device
