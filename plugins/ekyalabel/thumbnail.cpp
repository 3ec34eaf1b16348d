// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/thumbnail.h"

#include <cstdlib>

namespace ekya::gst::label {
namespace {

constexpr int kColumns = 32, kRows = 24;

struct Layout {
  int pixel;  // bytes from pixel to pixel
  int green;  // byte of green, or luma, in a pixel
};

Layout layout(device::PixelFormat format) {
  using enum device::PixelFormat;
  switch (format) {
    case kRgb:
    case kBgr:
      return {3, 1};
    case kRgbx:
    case kBgrx:
      return {4, 1};
    case kXrgb:
    case kXbgr:
      return {4, 2};
    case kNv12:
    case kI420:
    case kGray8:
      break;
  }
  return {1, 0};
}

}  // namespace

Thumbnail take_thumbnail(const device::ImageView& image) {
  const Layout bytes = layout(image.format);
  Thumbnail points;
  for (int row = 0; row < kRows; ++row) {
    const std::int64_t y = (2 * row + 1) * std::int64_t{image.height} / (2 * kRows);
    const std::uint8_t* line = image.plane[0] + y * image.stride[0];
    for (int column = 0; column < kColumns; ++column) {
      const std::int64_t x = (2 * column + 1) * std::int64_t{image.width} / (2 * kColumns);
      points[static_cast<std::size_t>(row * kColumns + column)] = line[x * bytes.pixel + bytes.green];
    }
  }
  return points;
}

double difference(const Thumbnail& a, const Thumbnail& b) {
  long sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return static_cast<double>(sum) / static_cast<double>(a.size());
}

}  // namespace ekya::gst::label
