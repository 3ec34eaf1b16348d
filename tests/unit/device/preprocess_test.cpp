// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/device/preprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace ekya::device {
namespace {

using Pixel = std::array<double, 3>;

const PixelFormat kFormats[] = {PixelFormat::kRgb,  PixelFormat::kBgr,  PixelFormat::kRgbx,
                                PixelFormat::kBgrx, PixelFormat::kXrgb, PixelFormat::kXbgr,
                                PixelFormat::kNv12, PixelFormat::kI420, PixelFormat::kGray8};

/// An image of random bytes. Each plane is a block of its own of exactly the needed size, so that AddressSanitizer sees
/// any read past it.
struct TestImage {
  TestImage(PixelFormat format, int width, int height, int padding = 0, unsigned seed = 1) {
    view.format = format;
    view.width = width;
    view.height = height;
    const int chroma_w = (width + 1) / 2, chroma_h = (height + 1) / 2;
    switch (format) {
      case PixelFormat::kRgb:
      case PixelFormat::kBgr:
        add(3 * width, height, padding);
        break;
      case PixelFormat::kNv12:
        add(width, height, padding);
        add(2 * chroma_w, chroma_h, padding);
        break;
      case PixelFormat::kI420:
        add(width, height, padding);
        add(chroma_w, chroma_h, padding);
        add(chroma_w, chroma_h, padding);
        break;
      case PixelFormat::kGray8:
        add(width, height, padding);
        break;
      default:
        add(4 * width, height, padding);
    }
    std::mt19937 random(seed);
    for (auto& plane : planes)
      for (auto& byte : plane) byte = static_cast<std::uint8_t>(random());
  }

  void add(int row_bytes, int rows, int padding) {
    const auto i = planes.size();
    planes.emplace_back(static_cast<std::size_t>(row_bytes + padding) * (rows - 1) + row_bytes);
    view.plane[i] = planes[i].data();
    view.stride[i] = row_bytes + padding;
    view.size[i] = planes[i].size();
  }

  ImageView view;
  std::vector<std::vector<std::uint8_t>> planes;
};

// The reference below is written from the definitions, a pixel at a time in doubles, and shares nothing with the code.

Pixel yuv_to_rgb(const ImageView& image, double y, double u, double v) {
  const double luma = image.full_range ? y : (y - 16) * 255 / 219;
  const double cb = (u - 128) / (image.full_range ? 255.0 : 224.0), cr = (v - 128) / (image.full_range ? 255.0 : 224.0);
  // ITU-R BT.601 and BT.709, written out.
  const Pixel rgb =
      image.bt709 ? Pixel{luma + 255 * 1.5748 * cr, luma - 255 * (0.1873 * cb + 0.4681 * cr), luma + 255 * 1.8556 * cb}
                  : Pixel{luma + 255 * 1.402 * cr, luma - 255 * (0.3441 * cb + 0.7141 * cr), luma + 255 * 1.772 * cb};
  Pixel clamped;
  for (int c = 0; c < 3; ++c) clamped[c] = std::min(255.0, std::max(0.0, rgb[c]));
  return clamped;
}

Pixel reference_pixel(const ImageView& i, int x, int y) {
  const auto at = [&](int plane, int row, int byte) { return double(i.plane[plane][row * i.stride[plane] + byte]); };
  switch (i.format) {
    case PixelFormat::kRgb:
      return {at(0, y, 3 * x), at(0, y, 3 * x + 1), at(0, y, 3 * x + 2)};
    case PixelFormat::kBgr:
      return {at(0, y, 3 * x + 2), at(0, y, 3 * x + 1), at(0, y, 3 * x)};
    case PixelFormat::kRgbx:
      return {at(0, y, 4 * x), at(0, y, 4 * x + 1), at(0, y, 4 * x + 2)};
    case PixelFormat::kBgrx:
      return {at(0, y, 4 * x + 2), at(0, y, 4 * x + 1), at(0, y, 4 * x)};
    case PixelFormat::kXrgb:
      return {at(0, y, 4 * x + 1), at(0, y, 4 * x + 2), at(0, y, 4 * x + 3)};
    case PixelFormat::kXbgr:
      return {at(0, y, 4 * x + 3), at(0, y, 4 * x + 2), at(0, y, 4 * x + 1)};
    case PixelFormat::kGray8:
      return {at(0, y, x), at(0, y, x), at(0, y, x)};
    case PixelFormat::kNv12:
      return yuv_to_rgb(i, at(0, y, x), at(1, y / 2, x / 2 * 2), at(1, y / 2, x / 2 * 2 + 1));
    case PixelFormat::kI420:
      return yuv_to_rgb(i, at(0, y, x), at(1, y / 2, x / 2), at(2, y / 2, x / 2));
  }
  return {};
}

/// Weight of source sample `s` in result sample `r` on an axis.
double reference_weight(int s, int r, int source, int result) {
  const double scale = double(source) / result;
  if (scale > 2) return std::max(0.0, std::min((r + 1) * scale, s + 1.0) - std::max(r * scale, double(s))) / scale;
  const double at = std::min(std::max((r + 0.5) * scale - 0.5, 0.0), source - 1.0);
  return std::max(0.0, 1 - std::abs(at - s));
}

std::vector<double> reference_resize(const ImageView& image, const Rect& rect, int width, int height) {
  std::vector<double> out(3 * static_cast<std::size_t>(width) * height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int sy = 0; sy < rect.height; ++sy)
        for (int sx = 0; sx < rect.width; ++sx) {
          const double weight =
              reference_weight(sy, y, rect.height, height) * reference_weight(sx, x, rect.width, width);
          if (weight <= 0) continue;
          const Pixel pixel = reference_pixel(image, rect.x + sx, rect.y + sy);
          for (int c = 0; c < 3; ++c) out[3 * (std::size_t{1} * y * width + x) + c] += weight * pixel[c];
        }
  return out;
}

double largest_difference(const ImageView& image, const Rect& rect, int width, int height) {
  std::vector<std::uint8_t> out(3 * static_cast<std::size_t>(width) * height);
  const Status done = crop_resize(image, rect, width, height, out);
  EXPECT_TRUE(done) << done.error().message;
  const auto expected = reference_resize(image, rect, width, height);
  double largest = 0;
  for (std::size_t i = 0; i < out.size(); ++i) largest = std::max(largest, std::abs(out[i] - expected[i]));
  return largest;
}

// 1.01: half for rounding the result, half for rounding each YUV pixel to a byte first, and the digits of the standard.
constexpr double kTolerance = 1.01;

TEST(CropResize, MatchesTheReferenceInEveryFormatMatrixAndRange) {
  for (const auto format : kFormats)
    for (int variant = 0; variant < 4; ++variant) {
      SCOPED_TRACE(testing::Message() << "format " << int(format) << " variant " << variant);
      TestImage image(format, 37, 23, 5);
      image.view.bt709 = variant & 1;
      image.view.full_range = variant & 2;
      ASSERT_TRUE(check(image.view));
      EXPECT_LE(largest_difference(image.view, {3, 5, 29, 17}, 16, 16), kTolerance);
    }
}

TEST(CropResize, MatchesTheReferenceAtEveryScaleAndOddOffset) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    TestImage image(kFormats[round % 9], 1 + random() % 40, 1 + random() % 40, random() % 7, random());
    Rect rect;
    rect.x = random() % image.view.width;
    rect.y = random() % image.view.height;
    rect.width = 1 + random() % (image.view.width - rect.x);
    rect.height = 1 + random() % (image.view.height - rect.y);
    const int width = 1 + random() % 24, height = 1 + random() % 24;
    SCOPED_TRACE(testing::Message() << "round " << round << ": " << image.view.width << "x" << image.view.height);
    EXPECT_LE(largest_difference(image.view, rect, width, height), kTolerance);
  }
}

TEST(CropResize, LeavesARegionOfTheSameSizeAsItIs) {
  TestImage image(PixelFormat::kRgb, 8, 8);
  std::vector<std::uint8_t> out(3 * 8 * 8);
  ASSERT_TRUE(crop_resize(image.view, {0, 0, 8, 8}, 8, 8, out));
  EXPECT_EQ(out, image.planes[0]);
}

// Black, white, black and white, each two pixels wide, to two pixels: scale 4 averages, so grey and not black.
TEST(CropResize, AveragesWhenItShrinksALot) {
  TestImage image(PixelFormat::kGray8, 8, 1);
  for (int x = 0; x < 8; ++x) image.planes[0][x] = x / 2 % 2 ? 255 : 0;
  std::vector<std::uint8_t> out(6);
  ASSERT_TRUE(crop_resize(image.view, {0, 0, 8, 1}, 2, 1, out));
  EXPECT_THAT(out, testing::Each(128));
}

// By hand: centres of 4 results on 2 sources lie at -0.25 (clamped), 0.25, 0.75 and 1.25 (clamped).
TEST(CropResize, HasHalfPixelCentres) {
  TestImage image(PixelFormat::kGray8, 2, 1);
  image.planes[0] = {0, 200};
  std::vector<std::uint8_t> out(12);
  ASSERT_TRUE(crop_resize(image.view, {0, 0, 2, 1}, 4, 1, out));
  EXPECT_THAT(out, testing::ElementsAre(0, 0, 0, 50, 50, 50, 150, 150, 150, 200, 200, 200));
}

TEST(CropResize, CutsOffWhatLiesOutside) {
  TestImage image(PixelFormat::kRgb, 10, 10);
  std::vector<std::uint8_t> whole(3 * 4 * 4), cut(whole.size());
  ASSERT_TRUE(crop_resize(image.view, {5, 6, 5, 4}, 4, 4, whole));
  ASSERT_TRUE(crop_resize(image.view, {5, 6, INT_MAX, INT_MAX}, 4, 4, cut));
  EXPECT_EQ(whole, cut);
  ASSERT_TRUE(crop_resize(image.view, {0, 0, 3, 2}, 4, 4, whole));
  ASSERT_TRUE(crop_resize(image.view, {-7, -8, 10, 10}, 4, 4, cut));
  EXPECT_EQ(whole, cut);
}

TEST(CropResize, RefusesARegionWithoutAPixelInside) {
  TestImage image(PixelFormat::kI420, 10, 10);
  std::vector<std::uint8_t> out(3);
  for (const Rect rect : {Rect{10, 0, 5, 5}, Rect{0, -5, 5, 5}, Rect{3, 3, 0, 2}, Rect{3, 3, -1, 2},
                          Rect{INT_MIN, INT_MIN, INT_MAX, INT_MAX}, Rect{INT_MAX, 0, INT_MAX, 1}}) {
    const Status done = crop_resize(image.view, rect, 1, 1, out);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "the region has no pixel inside the image");
  }
}

TEST(CropResize, RefusesAResultOfAnotherSize) {
  TestImage image(PixelFormat::kRgb, 4, 4);
  std::vector<std::uint8_t> out(11);
  EXPECT_FALSE(crop_resize(image.view, {0, 0, 4, 4}, 2, 2, out));
  EXPECT_FALSE(crop_resize(image.view, {0, 0, 4, 4}, 0, 2, out));
}

TEST(CropResize, ReadsAnImageOfOnePixel) {
  for (const auto format : kFormats) {
    TestImage image(format, 1, 1);
    ASSERT_TRUE(check(image.view));
    EXPECT_LE(largest_difference(image.view, {0, 0, 1, 1}, 5, 3), kTolerance);
  }
}

TEST(CheckImage, RefusesAPlaneThatIsOneByteShort) {
  for (const auto format : kFormats)
    for (std::size_t plane = 0; plane < TestImage(format, 9, 7).planes.size(); ++plane) {
      TestImage image(format, 9, 7, 3);
      ASSERT_TRUE(check(image.view));
      image.view.size[plane] -= 1;
      const Status status = check(image.view);
      ASSERT_FALSE(status);
      EXPECT_THAT(status.error().message, testing::HasSubstr("plane " + std::to_string(plane)));
    }
}

TEST(CheckImage, NamesNeededAndFoundBytes) {
  TestImage image(PixelFormat::kGray8, 4, 3);
  image.view.size[0] = 11;
  EXPECT_EQ(check(image.view).error().message, "plane 0 of the image has 11 bytes; it needs 12");
  image.view.stride[0] = 3;
  EXPECT_EQ(check(image.view).error().message, "plane 0 of the image has a stride of 3 bytes; a row needs 4");
}

TEST(CheckImage, RefusesImpossibleImages) {
  TestImage image(PixelFormat::kRgb, 4, 4);
  for (auto change : std::vector<void (*)(ImageView&)>{
           [](ImageView& v) { v.width = 0; }, [](ImageView& v) { v.height = -1; },
           [](ImageView& v) { v.stride[0] = -12; }, [](ImageView& v) { v.plane[0] = nullptr; },
           [](ImageView& v) { v.stride[0] = INT_MAX; }, [](ImageView& v) { v.width = v.height = INT_MAX; }}) {
    ImageView view = image.view;
    change(view);
    EXPECT_FALSE(check(view));
  }
}

// (value / 255 - mean) / std by hand; planes in the order R, G, B.
TEST(Normalise, GivesPlanesOfNormalisedFloats) {
  const std::vector<std::uint8_t> rgb{0, 51, 255, 255, 102, 0};
  std::vector<float> out(6);
  normalise(rgb, 2, 1, {{0.5f, 0.2f, 0}, {0.5f, 0.1f, 2}}, out);
  const float expected[] = {-1, 1, 0, 2, 0.5, 0};
  for (int i = 0; i < 6; ++i) EXPECT_NEAR(out[i], expected[i], 1e-5) << i;
}

}  // namespace
}  // namespace ekya::device
