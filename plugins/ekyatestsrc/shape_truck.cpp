// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "ekya/base/random.h"
#include "ekyatestsrc/shapes.h"

namespace ekya::scene {
namespace {

enum class Load { kBox, kTank, kFlatbed, kTipper, kCurtain };
constexpr int kLoads = 5;

void draw_box(Pen& pen, double length, double floor, double height, Color color, Random& random) {
  pen.rect(0, floor, length, height - floor, color);
  pen.rect(0, height - 3, length, 3, shade(color, 0.8));
  const Color band = paint(random);
  if (random.chance(0.6)) pen.rect(0, floor + (height - floor) * random.uniform(0.2, 0.6), length, 7, band);
  if (random.chance(0.4)) pen.ellipse({length * 0.5, (floor + height) / 2}, 10, 8, shade(band, 0.8));
}

void draw_curtain(Pen& pen, double length, double floor, double height, Color color) {
  pen.rect(0, floor, length, height - floor, color);
  for (double x = 6; x < length - 3; x += 9) pen.rect(x, floor, 1.6, height - floor, shade(color, 0.72));
}

void draw_tank(Pen& pen, double length, double floor, double height, Color color) {
  const double radius = (height - floor) * 0.42, middle = floor + radius;
  pen.round_rect(0, middle - radius, length, 2 * radius, radius, color);
  pen.round_rect(4, middle + radius * 0.3, length - 8, radius * 0.35, 4, shade(color, 1.25));
  pen.rect(length * 0.45, middle + radius, length * 0.14, 4, shade(color, 0.6));
}

void draw_flatbed(Pen& pen, double length, double floor, double height, Random& random) {
  pen.rect(0, floor, length, 4, {90, 70, 50});
  for (double x = 2; x < length - 16;) {
    const double width = random.uniform(14, 30);
    const double top = floor + 4 + (height - floor) * random.uniform(0.25, 0.7);
    pen.rect(x, floor + 4, std::min(width, length - x), top - floor - 4, cloth(random));
    x += width + random.uniform(1, 8);
  }
}

void draw_tipper(Pen& pen, double length, double floor, double height, Color color) {
  const double top = floor + (height - floor) * 0.65;
  pen.polygon({{length * 0.1, top - 2}, {length * 0.5, height}, {length * 0.9, top - 2}}, {120, 95, 70});
  pen.polygon({{-2, top}, {length, top}, {length - 4, floor}, {8, floor}}, color);
  for (double x : {0.25, 0.5, 0.75}) pen.rect(length * x, floor, 3, top - floor, shade(color, 0.7));
}

void draw_load(Pen& pen, Load load, double length, double floor, double height, Color color, Random& random) {
  if (load == Load::kBox) draw_box(pen, length, floor, height, color, random);
  if (load == Load::kTank) draw_tank(pen, length, floor, height, color);
  if (load == Load::kFlatbed) draw_flatbed(pen, length, floor, height, random);
  if (load == Load::kTipper) draw_tipper(pen, length, floor, height, color);
  if (load == Load::kCurtain) draw_curtain(pen, length, floor, height, color);
}

void draw_cab(Pen& pen, double from, double length, double floor, double height, Color color, bool long_nosed) {
  const double width = length - from, nose = long_nosed ? 0.45 * width : 0.06 * width;
  const double front = length - nose;
  pen.polygon({{from, floor - 4},
               {from, height},
               {front - 0.12 * width, height},
               {front, height * 0.62},
               {length, height * 0.54},
               {length, floor - 4}},
              color);
  pen.polygon({{from + 0.22 * width, height * 0.62},
               {from + 0.22 * width, height * 0.9},
               {front - 0.18 * width, height * 0.9},
               {front - 0.05 * width, height * 0.62}},
              {45, 60, 72});
  pen.rect(length - 3, floor - 6, 3, 8, {70, 70, 74});
}

}  // namespace

Lamps draw_truck(Pen& pen, const Shape& shape, double walked) {
  Random random(shape.seed, 3);
  const auto load = static_cast<Load>(random.below(kLoads));
  const double l = shape.length, h = shape.height, radius = h * random.uniform(0.13, 0.15);
  const double floor = radius * 1.75, cab = l * random.uniform(0.7, 0.77);
  const Color body = paint(random), goods = random.chance(0.4) ? Color{230, 230, 226} : paint(random);

  pen.rect(2, radius * 1.1, l - 4, floor - radius * 1.1, {48, 48, 52});
  draw_load(pen, load, cab - l * 0.025, floor, h, goods, random);
  draw_cab(pen, cab, l, floor, h * random.uniform(0.72, 0.86), body, random.chance(0.3));
  for (double x : {0.11, 0.23, 0.86}) draw_wheel(pen, {x * l, radius}, radius, walked);
  const Point head{0.985 * l, floor}, tail{0.01 * l, floor};
  pen.ellipse(head, 3, 3, {250, 245, 215});
  pen.rect(0, floor - 3, 3, 5, {190, 20, 20});
  return {head, tail, 1.2};
}

}  // namespace ekya::scene
