// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ekya/base/random.h"
#include "ekyatestsrc/drawing.h"

// What moves on the road: six classes, each drawn in several variants, colours and proportions.
namespace ekya::scene {

enum class Kind { kCar, kTruck, kBus, kPerson, kBicycle, kMotorcycle };
constexpr int kKinds = 6;

/// "car", "truck", "bus", "person", "bicycle", "motorcycle": label i is the name of Kind i.
const std::vector<std::string>& scene_labels();

/// One individual: all of its looks follow from (kind, seed).
struct Shape {
  Kind kind = Kind::kCar;
  std::uint64_t seed = 0;
  double length = 0;  ///< From rear to front, in the scene's units (360 of them from top to bottom of the picture).
  double height = 0;
};
Shape make_shape(Kind kind, std::uint64_t seed);

/// Where its lamps are, in the shape's coordinates.
struct Lamps {
  std::optional<Point> head, tail;
  double strength = 1;  ///< 1: a car's.
};

/// Draws with the rear end of the ground line at (0, 0), x forwards to `length`, y upwards. `walked` is the way that
/// the object has gone, which moves legs and wheels.
Lamps draw_shape(Pen& pen, const Shape& shape, double walked);

// One a file.
Lamps draw_car(Pen& pen, const Shape& shape, double walked);
Lamps draw_truck(Pen& pen, const Shape& shape, double walked);
Lamps draw_bus(Pen& pen, const Shape& shape, double walked);
Lamps draw_person(Pen& pen, const Shape& shape, double walked);
Lamps draw_bicycle(Pen& pen, const Shape& shape, double walked);
Lamps draw_motorcycle(Pen& pen, const Shape& shape, double walked);

// Parts that several of them share.
Color paint(Random& random);  ///< Of a vehicle.
Color cloth(Random& random);  ///< Of a coat or trousers.
Color skin(Random& random);
void draw_wheel(Pen& pen, Point centre, double radius, double walked);
/// A person's limb from `from` over a joint to `to`.
void draw_limb(Pen& pen, Point from, Point joint, Point to, double thickness, Color color);

}  // namespace ekya::scene
