// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ekya/learner/crop_jpeg.h"

namespace ekya::learner {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

std::vector<std::uint8_t> grey(int size) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(size * size * 3), 128);
}

TEST(CropJpeg, DecodesWhatItEncoded) {
  for (const int size : {1, 7, 8, 64, 65}) {
    SCOPED_TRACE(size);
    const auto jpeg = encode_crop(grey(size), size, 95);
    ASSERT_TRUE(jpeg) << jpeg.error().message;
    const auto pixels = decode_crop(*jpeg, size);
    ASSERT_TRUE(pixels) << pixels.error().message;
    EXPECT_EQ(*pixels, grey(size));
  }
}

TEST(CropJpeg, KeepsRedRed) {
  std::vector<std::uint8_t> red = grey(16);
  for (std::size_t i = 0; i < red.size(); ++i) red[i] = i % 3 == 0 ? 250 : 5;
  const auto pixels = decode_crop(*encode_crop(red, 16, 95), 16);
  for (std::size_t i = 0; i < red.size(); ++i) ASSERT_NEAR(pixels->at(i), red[i], 4);
}

TEST(CropJpeg, RefusesAnotherSizeWithoutDecodingIt) {
  const auto pixels = decode_crop(*encode_crop(grey(64), 64, 95), 32);
  ASSERT_FALSE(pixels);
  EXPECT_THAT(pixels.error().message, HasSubstr("has 64x64 pixels; expected 32"));
}

TEST(CropJpeg, RefusesATornPictureAtEveryByte) {
  auto jpeg = *encode_crop(grey(16), 16, 95);
  while (!jpeg.empty()) {
    jpeg.pop_back();
    if (jpeg.size() + 2 < encode_crop(grey(16), 16, 95)->size()) {
      const auto pixels = decode_crop(jpeg, 16);
      ASSERT_FALSE(pixels) << jpeg.size();
      ASSERT_EQ(pixels.error().code, ErrorCode::kCorrupt);
    }
  }
}

}  // namespace
}  // namespace ekya::learner
