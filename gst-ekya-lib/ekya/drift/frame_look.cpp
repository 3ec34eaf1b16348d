// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/frame_look.h"

#include <algorithm>
#include <cmath>

#include "ekya/device/thumbnail.h"

namespace ekya::drift {

FrameLook look_at(const device::ImageView& image) {
  constexpr int kLines = 360;  // Of the picture that a gradient of one pixel is meant for.
  // Grey levels squared, of rounding and of a picture with nothing on it.
  constexpr double kLeastGradient = 0.25, kLeastVariance = 25;
  const device::GreyPixels grey(image);
  const int step = std::max(1, image.height / kLines);
  long sum = 0, squares = 0, gradients = 0;
  device::for_each_thumbnail_point(image, [&](int, int x, int y) {
    const int value = grey.at(x, y);
    const int right = grey.at(std::min(x + step, image.width - 1), y) - value;
    const int below = grey.at(x, std::min(y + step, image.height - 1)) - value;
    sum += value;
    squares += value * value;
    gradients += right * right + below * below;
  });
  constexpr double n = device::kThumbnailPoints;
  const double mean = static_cast<double>(sum) / n;
  const double variance = std::max(0.0, static_cast<double>(squares) / n - mean * mean);
  const double gradient = static_cast<double>(gradients) / n;
  return {mean / 255, std::sqrt(variance) / 255, std::log2((gradient + kLeastGradient) / (variance + kLeastVariance))};
}

}  // namespace ekya::drift
