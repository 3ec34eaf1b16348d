// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "ekyatestsrc/drawing.h"
#include "ekyatestsrc/traffic.h"

// What stands still: houses, trees, pavements and the road, or the conveyor belts for real pictures.
namespace ekya::scene {

constexpr double kSceneHeight = 360;  ///< Units from the top to the bottom of every picture.

/// Road from the far pavement to the near one, with a bicycle lane.
std::vector<Lane> road_lanes(std::uint64_t seed);
/// Three belts, the middle one running against the others.
std::vector<Lane> belt_lanes(std::uint64_t seed);

/// Where the street lamps' heads are. `width` is the scene's.
std::vector<Point> street_lamps(double width);

/// From the scene's units to pixels of a picture of that size, seen from `viewpoint` in [0, 1].
Affine camera(int width, int height, double viewpoint);

/// `snow` in [0, 1] whitens the ground.
void draw_road(Canvas& canvas, const Affine& camera, std::uint64_t seed, double snow);
void draw_belts(Canvas& canvas, const Affine& camera, std::uint64_t seed, double snow);

}  // namespace ekya::scene
