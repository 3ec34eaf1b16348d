// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cmath>

#include "ekya/base/random.h"
#include "ekyatestsrc/shapes.h"

namespace ekya::scene {
namespace {

void draw_spoked_wheel(Pen& pen, Point centre, double radius, double walked) {
  pen.ring(centre, radius, 2.2, {30, 30, 32});
  for (int spoke = 0; spoke < 3; ++spoke) {
    const double angle = -walked / radius + spoke * 1.0472;
    const double dx = (radius - 1.5) * std::cos(angle), dy = (radius - 1.5) * std::sin(angle);
    pen.line({centre.x - dx, centre.y - dy}, {centre.x + dx, centre.y + dy}, 0.5, {120, 120, 124, 190});
  }
}

struct Frame {
  Point rear, crank, saddle, head, front, bar;
};

void draw_frame(Pen& pen, const Frame& f, Color color) {
  pen.line(f.rear, f.crank, 1.8, color);
  pen.line(f.rear, f.saddle, 1.6, color);
  pen.line(f.crank, f.saddle, 2, color);
  pen.line(f.crank, f.head, 2.2, color);
  pen.line(f.saddle, f.head, 2, color);
  pen.line(f.bar, f.front, 2, color);
  pen.line({f.saddle.x - 4, f.saddle.y + 2}, {f.saddle.x + 3, f.saddle.y + 2}, 2.6, {35, 30, 28});
  pen.line({f.bar.x - 3, f.bar.y}, {f.bar.x + 3, f.bar.y + 1}, 2, {40, 40, 42});
}

void draw_rider(Pen& pen, const Frame& f, double height, double walked, Random& random) {
  const Color coat = cloth(random), trousers = shade(cloth(random), 0.7), face = skin(random);
  const double lean = random.uniform(0.25, 0.6), crank_angle = -walked / 9;
  const Point hip{f.saddle.x, f.saddle.y + 4};
  const Point shoulder{hip.x + lean * (f.bar.x - hip.x), hip.y + (height - hip.y) * 0.6};
  for (int side = 0; side < 2; ++side) {
    const double angle = crank_angle + side * 3.1416;
    const Point pedal{f.crank.x + 4.5 * std::cos(angle), f.crank.y + 4.5 * std::sin(angle)};
    const Point knee{(hip.x + pedal.x) / 2 + 6, (hip.y + pedal.y) / 2 + 4};
    draw_limb(pen, hip, knee, pedal, 4.6, side ? trousers : shade(trousers, 0.7));
  }
  pen.line(hip, shoulder, 8.5, coat);
  pen.ellipse(shoulder, 4.4, 4.4, coat);
  draw_limb(pen, shoulder, {(shoulder.x + f.bar.x) / 2, (shoulder.y + f.bar.y) / 2 - 2}, f.bar, 3.6, shade(coat, 0.85));
  const Point head{shoulder.x + 3, height - 5.5};
  pen.ellipse(head, 4.6, 5.2, face);
  if (random.chance(0.6)) pen.ellipse({head.x - 0.6, head.y + 2.2}, 5.4, 3.4, paint(random));
}

}  // namespace

Lamps draw_bicycle(Pen& pen, const Shape& shape, double walked) {
  Random random(shape.seed, 6);
  const double l = shape.length, radius = l * random.uniform(0.215, 0.24), h = shape.height;
  const double saddle_height = radius * 2.05;
  const Frame f{{radius, radius},          {l * 0.46, radius * 0.95},
                {l * 0.38, saddle_height}, {l * 0.7, saddle_height * 0.98},
                {l - radius, radius},      {l * 0.69, saddle_height * 1.14}};
  draw_spoked_wheel(pen, f.rear, radius, walked);
  draw_spoked_wheel(pen, f.front, radius, walked);
  draw_frame(pen, f, paint(random));
  if (random.chance(0.3)) pen.rect(f.rear.x - 7, radius * 1.9, 11, 7, cloth(random));
  draw_rider(pen, f, h, walked, random);
  return {Point{f.bar.x + 3, f.bar.y - 4}, Point{f.rear.x - 6, radius * 1.6}, 0.4};
}

}  // namespace ekya::scene
