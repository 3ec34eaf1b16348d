// SPDX-License-Identifier: LGPL-2.1-or-later
#include "crops.h"

#include <algorithm>
#include <random>

#include "ekya/device/preprocess.h"

namespace ekya::tools {
namespace {

constexpr int kWidth = 640, kHeight = 360, kObjects = 8;
constexpr int kFramesOfStreet = 6, kFramesOfSprites = 1;  ///< A real picture looks the same in the next frame.
constexpr double kSecondsBetween = 1.7;                   ///< Long enough for the objects to have moved on.

device::ImageView view(const scene::Canvas& canvas) {
  device::ImageView image{device::PixelFormat::kBgrx, canvas.width(), canvas.height()};
  image.plane[0] = canvas.pixels().data();
  image.size[0] = canvas.pixels().size();
  image.stride[0] = canvas.stride();
  return image;
}

device::Rect jittered(const scene::Truth& truth, double jitter, std::mt19937_64& random) {
  std::uniform_real_distribution<double> by(-jitter, jitter);
  const double width = truth.width * (1 + by(random)), height = truth.height * (1 + by(random));
  return {static_cast<int>(truth.x + truth.width * by(random)), static_cast<int>(truth.y + truth.height * by(random)),
          std::max(1, static_cast<int>(width)), std::max(1, static_cast<int>(height))};
}

void add_frame(learner::LabelledCrops& crops, const scene::Scene& scene, const std::vector<scene::Truth>& truths,
               double jitter, std::mt19937_64& random) {
  const std::size_t bytes = static_cast<std::size_t>(crops.size) * crops.size * 3;
  std::vector<std::uint8_t> crop(bytes);
  for (const scene::Truth& truth : truths) {
    if (!device::crop_resize(view(scene.canvas()), jittered(truth, jitter, random), crops.size, crops.size, crop))
      continue;
    crops.pixels.insert(crops.pixels.end(), crop.begin(), crop.end());
    crops.labels.push_back(truth.label);
    crops.weights.push_back(1);
  }
}

}  // namespace

learner::LabelledCrops render_crops(const CropSource& source, int count, int size, std::uint64_t seed) {
  learner::LabelledCrops crops;
  crops.size = size;
  std::mt19937_64 random(seed);
  const int frames = source.sprites ? kFramesOfSprites : kFramesOfStreet;
  for (std::uint64_t number = 0; crops.count() < count; ++number) {
    scene::Scene scene({kWidth, kHeight, random(), kObjects, source.sprites},
                       source.kinds[number % source.kinds.size()]);
    for (int frame = 1; frame <= frames; ++frame)
      add_frame(crops, scene, scene.render(frame * kSecondsBetween, static_cast<std::uint64_t>(frame)), source.jitter,
                random);
  }
  return crops;
}

}  // namespace ekya::tools
