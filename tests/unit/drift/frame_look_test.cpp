// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/frame_look.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ekya::drift {
namespace {

/// Grey, by f(x, y) in 0..255.
template <typename Grey>
FrameLook look(int width, int height, const Grey& grey) {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) pixels.push_back(static_cast<std::uint8_t>(grey(x, y)));
  device::ImageView image;
  image.format = device::PixelFormat::kGray8;
  image.width = width, image.height = height;
  image.plane[0] = pixels.data();
  image.size[0] = pixels.size();
  image.stride[0] = width;
  return look_at(image);
}

TEST(FrameLook, OfAFlatPictureIsItsGrey) {
  const FrameLook flat = look(640, 360, [](int, int) { return 51; });
  EXPECT_DOUBLE_EQ(flat.brightness, 0.2);
  EXPECT_DOUBLE_EQ(flat.contrast, 0);
  EXPECT_DOUBLE_EQ(flat.sharpness, std::log2(0.25 / 25));
}

TEST(FrameLook, ContrastIsTheStandardDeviation) {
  const FrameLook halves = look(640, 360, [](int x, int) { return x < 320 ? 0 : 204; });
  EXPECT_DOUBLE_EQ(halves.brightness, 0.4);
  EXPECT_DOUBLE_EQ(halves.contrast, 0.4);
}

TEST(FrameLook, SharpnessFallsWithBlurAndNotWithLight) {
  // Gratings of 8 and of 32 pixels stand for a sharp and a blurred picture.
  const auto wave = [](double period, double gain) {
    return look(640, 360,
                [=](int x, int y) { return gain * (128 + 90 * std::sin(2 * M_PI * (x + 0.37 * y) / period)); });
  };
  EXPECT_GT(wave(8, 1).sharpness, wave(32, 1).sharpness + 2);
  EXPECT_NEAR(wave(8, 0.4).sharpness, wave(8, 1).sharpness, 0.3);
}

TEST(FrameLook, IsTheSameAtTwiceTheSize) {
  const FrameLook small = look(640, 360, [](int x, int y) { return (x * 5 + y * 3) % 256; });
  const FrameLook large = look(1280, 720, [](int x, int y) { return (x / 2 * 5 + y / 2 * 3) % 256; });
  EXPECT_NEAR(small.brightness, large.brightness, 0.01);
  EXPECT_NEAR(small.sharpness, large.sharpness, 0.1);
}

TEST(FrameLook, TakesThePictureOfOnePixel) {
  EXPECT_DOUBLE_EQ(look(1, 1, [](int, int) { return 255; }).brightness, 1);
}

}  // namespace
}  // namespace ekya::drift
