// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/shapes.h"

#include <array>
#include <cmath>

#include "ekya/base/random.h"

namespace ekya::scene {
namespace {

struct Size {
  double length_from, length_to, height_from, height_to;
};
constexpr std::array<Size, kKinds> kSizes{{{78, 104, 30, 42},   // car
                                           {118, 165, 54, 74},  // truck
                                           {128, 175, 52, 76},  // bus
                                           {22, 30, 54, 66},    // person
                                           {50, 60, 54, 66},    // bicycle
                                           {56, 70, 48, 58}}};  // motorcycle

constexpr std::array<Color, 12> kPaints{{{200, 36, 36},
                                         {30, 70, 170},
                                         {235, 235, 235},
                                         {40, 42, 46},
                                         {150, 155, 160},
                                         {24, 110, 70},
                                         {235, 180, 30},
                                         {225, 105, 25},
                                         {95, 160, 205},
                                         {110, 40, 95},
                                         {125, 90, 60},
                                         {205, 195, 170}}};

}  // namespace

const std::vector<std::string>& scene_labels() {
  static const std::vector<std::string> labels{"car", "truck", "bus", "person", "bicycle", "motorcycle"};
  return labels;
}

Shape make_shape(Kind kind, std::uint64_t seed) {
  const Size& size = kSizes[static_cast<std::size_t>(kind)];
  Random random(seed, 1);
  Shape shape{kind, seed, 0, 0};
  shape.length = random.uniform(size.length_from, size.length_to);
  shape.height = random.uniform(size.height_from, size.height_to);
  return shape;
}

Lamps draw_shape(Pen& pen, const Shape& shape, double walked) {
  switch (shape.kind) {
    case Kind::kCar:
      return draw_car(pen, shape, walked);
    case Kind::kTruck:
      return draw_truck(pen, shape, walked);
    case Kind::kBus:
      return draw_bus(pen, shape, walked);
    case Kind::kPerson:
      return draw_person(pen, shape, walked);
    case Kind::kBicycle:
      return draw_bicycle(pen, shape, walked);
    case Kind::kMotorcycle:
      return draw_motorcycle(pen, shape, walked);
  }
  return {};
}

Color paint(Random& random) {
  return shade(kPaints[static_cast<std::size_t>(random.below(kPaints.size()))], random.uniform(0.8, 1.15));
}

Color cloth(Random& random) { return shade(paint(random), random.uniform(0.6, 1.0)); }

Color skin(Random& random) { return blend({240, 200, 170}, {95, 60, 40}, random.uniform()); }

void draw_wheel(Pen& pen, Point centre, double radius, double walked) {
  pen.ellipse(centre, radius, radius, {22, 22, 24});
  pen.ellipse(centre, radius * 0.58, radius * 0.58, {150, 152, 156});
  pen.ellipse(centre, radius * 0.2, radius * 0.2, {60, 60, 62});
  // The wheel rolls: way over radius is the angle.
  const double angle = -walked / radius;
  const Point rim{centre.x + radius * 0.52 * std::cos(angle), centre.y + radius * 0.52 * std::sin(angle)};
  pen.line(centre, rim, radius * 0.16, {60, 60, 62});
}

void draw_limb(Pen& pen, Point from, Point joint, Point to, double thickness, Color color) {
  pen.line(from, joint, thickness, color);
  pen.line(joint, to, thickness * 0.85, color);
  pen.ellipse(joint, thickness * 0.46, thickness * 0.46, color);
}

}  // namespace ekya::scene
