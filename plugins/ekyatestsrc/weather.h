// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "ekyatestsrc/conditions.h"
#include "ekyatestsrc/drawing.h"

namespace ekya::scene {

/// A lamp's light on the picture, in pixels.
struct Glow {
  Point centre;
  double radius_x = 0, radius_y = 0;
  Color color;
  bool reflected = false;  ///< Light on a surface; else the lamp itself.
};

/// What lies between a drawn scene and the picture of a camera: darkness, haze, lamps, blur, falling rain and snow,
/// sensor noise. Keeps its buffers from frame to frame. Not thread-safe.
class Atmosphere {
 public:
  explicit Atmosphere(std::uint64_t seed);

  /// `frame` tells one frame's drops and noise from the next one's.
  void apply(Canvas& canvas, const Conditions& conditions, const std::vector<Glow>& glows, std::uint64_t frame);

 private:
  void blur(Canvas& canvas, double sigma);
  void add_noise(Canvas& canvas, double sigma, std::uint64_t frame) const;

  std::uint64_t seed_;
  std::vector<std::int8_t> noise_;  ///< Normal, standard deviation kNoiseUnit; rows start at random places of it.
  std::vector<std::uint8_t> other_;
};

}  // namespace ekya::scene
