// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/device/thumbnail.h"

#include <cstdlib>

namespace ekya::device {
namespace {

struct Layout {
  int pixel;  // bytes from pixel to pixel
  int green;  // byte of green, or luma, in a pixel
};

Layout layout(PixelFormat format) {
  using enum PixelFormat;
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

GreyPixels::GreyPixels(const ImageView& image)
    : first_(image.plane[0] + layout(image.format).green),
      stride_(image.stride[0]),
      pixel_(layout(image.format).pixel) {}

Thumbnail take_thumbnail(const ImageView& image) {
  const GreyPixels grey(image);
  Thumbnail points;
  for_each_thumbnail_point(image, [&](int point, int x, int y) {
    points[static_cast<std::size_t>(point)] = static_cast<std::uint8_t>(grey.at(x, y));
  });
  return points;
}

double difference(const Thumbnail& a, const Thumbnail& b) {
  long sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return static_cast<double>(sum) / static_cast<double>(a.size());
}

}  // namespace ekya::device
