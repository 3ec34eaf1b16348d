// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/device/thumbnail.h"

#include <gtest/gtest.h>

#include <vector>

namespace ekya::device {
namespace {

TEST(Thumbnail, ReadsGreenOrLumaOfEachFormat) {
  using enum PixelFormat;
  const struct {
    PixelFormat format;
    int pixel, green;
  } rows[] = {{kRgb, 3, 1},  {kBgr, 3, 1},  {kRgbx, 4, 1}, {kBgrx, 4, 1}, {kXrgb, 4, 2},
              {kXbgr, 4, 2}, {kNv12, 1, 0}, {kI420, 1, 0}, {kGray8, 1, 0}};
  for (const auto& row : rows) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(row.pixel) * 3 * 2, 7);
    for (std::size_t i = 0; i < 6; ++i) pixels[i * row.pixel + row.green] = 200;
    ImageView image;
    image.format = row.format;
    image.width = 3, image.height = 2;
    image.plane[0] = pixels.data();
    image.size[0] = pixels.size();
    image.stride[0] = row.pixel * 3;
    Thumbnail expected;
    expected.fill(200);
    EXPECT_EQ(take_thumbnail(image), expected) << static_cast<int>(row.format);
  }
}

TEST(Thumbnail, DifferenceIsTheMean) {
  Thumbnail a{}, b{};
  b.fill(10);
  EXPECT_DOUBLE_EQ(difference(a, b), 10);
  b.fill(0);
  b[0] = 76;
  EXPECT_NEAR(difference(a, b), 76.0 / 768, 1e-12);
}

}  // namespace
}  // namespace ekya::device
