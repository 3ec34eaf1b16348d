// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/random.h"
#include "ekyatestsrc/shapes.h"

namespace ekya::scene {
namespace {

void draw_thick_wheel(Pen& pen, Point centre, double radius, double walked) {
  draw_wheel(pen, centre, radius, walked);
  pen.ring(centre, radius, radius * 0.28, {18, 18, 20});
}

void draw_motorcycle_body(Pen& pen, double l, double r, Color body, bool fairing) {
  pen.line({0.62 * l, 2.9 * r}, {l - r, r}, 3.2, {70, 72, 76});
  pen.polygon({{0.3 * l, 0.9 * r}, {0.28 * l, 1.8 * r}, {0.62 * l, 1.9 * r}, {0.66 * l, 0.9 * r}}, {62, 62, 66});
  pen.line({0.06 * l, 1.0 * r}, {0.5 * l, 0.7 * r}, 3.4, {165, 165, 168});
  pen.polygon({{0.1 * l, 2.2 * r}, {0.04 * l, 2.6 * r}, {0.4 * l, 2.4 * r}, {0.4 * l, 1.8 * r}, {0.24 * l, 1.7 * r}},
              body);
  pen.polygon({{0.4 * l, 2 * r}, {0.42 * l, 2.7 * r}, {0.6 * l, 2.9 * r}, {0.68 * l, 2.3 * r}, {0.6 * l, 1.8 * r}},
              body);
  pen.line({0.1 * l, 2.55 * r}, {0.44 * l, 2.5 * r}, 3, {32, 28, 28});
  pen.line({0.56 * l, 3.1 * r}, {0.66 * l, 2.9 * r}, 2.4, {30, 30, 32});
  if (fairing)
    pen.polygon({{0.6 * l, 1.2 * r}, {0.6 * l, 2.9 * r}, {0.72 * l, 3.3 * r}, {0.8 * l, 2.4 * r}, {0.72 * l, 1.3 * r}},
                shade(body, 0.85));
}

void draw_scooter_body(Pen& pen, double l, double r, Color body) {
  pen.polygon({{0.04 * l, 1.5 * r}, {0.06 * l, 2.4 * r}, {0.42 * l, 2.4 * r}, {0.46 * l, 1.1 * r}, {0.3 * l, 0.9 * r}},
              body);
  pen.rect(0.4 * l, 0.8 * r, 0.32 * l, 0.5 * r, shade(body, 0.7));
  pen.polygon({{0.68 * l, 0.9 * r}, {0.62 * l, 3 * r}, {0.7 * l, 3.1 * r}, {0.78 * l, 1.2 * r}}, body);
  pen.line({0.7 * l, 2 * r}, {l - r, r}, 3, shade(body, 0.7));
  pen.round_rect(0.08 * l, 2.35 * r, 0.34 * l, 0.35 * r, 2, {34, 30, 30});
  pen.line({0.56 * l, 3.15 * r}, {0.68 * l, 3.1 * r}, 2.4, {30, 30, 32});
}

void draw_motorcyclist(Pen& pen, double l, double r, double h, Random& random) {
  const Color coat = shade(cloth(random), 0.8), trousers = shade(cloth(random), 0.6), helmet = paint(random);
  const Point hip{0.3 * l, 2.8 * r}, shoulder{(0.36 + random.uniform(0, 0.1)) * l, h - 0.24 * h};
  draw_limb(pen, hip, {0.54 * l, 2.3 * r}, {0.46 * l, 0.7 * r}, 6, trousers);
  pen.line(hip, shoulder, 11.5, coat);
  pen.ellipse(shoulder, 5.6, 5.6, coat);
  draw_limb(pen, shoulder, {0.48 * l, (shoulder.y + 3 * r) / 2 - 2}, {0.6 * l, 3.1 * r}, 4.6, shade(coat, 0.8));
  const Point head{shoulder.x + 3.5, h - 6};
  pen.ellipse(head, 6.6, 6.4, helmet);
  pen.round_rect(head.x + 0.5, head.y - 2, 6, 3.6, 1, {25, 28, 34});
}

}  // namespace

Lamps draw_motorcycle(Pen& pen, const Shape& shape, double walked) {
  Random random(shape.seed, 7);
  const bool scooter = random.chance(0.35);
  const double l = shape.length, h = shape.height, r = (scooter ? 0.125 : 0.165) * l;
  const double unit = 0.155 * l;  // Body parts are in units of an ordinary wheel.
  const Color body = paint(random);
  draw_thick_wheel(pen, {r, r}, r, walked);
  draw_thick_wheel(pen, {l - r, r}, r, walked);
  if (scooter)
    draw_scooter_body(pen, l, unit, body);
  else
    draw_motorcycle_body(pen, l, unit, body, random.chance(0.5));
  draw_motorcyclist(pen, l, unit, h + 4, random);
  const Point head{0.75 * l, 2.6 * unit}, tail{0.04 * l, 2.3 * unit};
  pen.ellipse(head, 2.6, 2.8, {250, 245, 215});
  pen.ellipse(tail, 1.8, 1.8, {190, 20, 20});
  return {head, tail, 0.8};
}

}  // namespace ekya::scene
