// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cmath>

#include "ekya/base/random.h"
#include "ekyatestsrc/shapes.h"

namespace ekya::scene {
namespace {

struct Clothes {
  Color coat, trousers, skin, hair;
  bool skirt = false, bag = false, umbrella = false, hat = false;
};

Clothes dress(Random& random) {
  Clothes c;
  c.coat = cloth(random), c.trousers = shade(cloth(random), 0.7), c.skin = skin(random);
  c.hair = blend({30, 22, 18}, {200, 170, 110}, random.uniform());
  c.skirt = random.chance(0.25), c.bag = random.chance(0.4), c.umbrella = random.chance(0.15);
  c.hat = random.chance(0.3);
  return c;
}

void draw_leg(Pen& pen, double middle, double h, double swing, Color color) {
  const Point hip{middle, 0.47 * h}, foot{middle + swing * 0.19 * h, 0.03 * h};
  const Point knee{middle + swing * 0.08 * h + 0.03 * h, 0.25 * h};
  draw_limb(pen, hip, knee, foot, 0.095 * h, color);
  pen.rect(foot.x - 0.02 * h, 0, 0.1 * h, 0.045 * h, {34, 28, 26});
}

void draw_arm(Pen& pen, double middle, double h, double swing, Color sleeve, Color hand) {
  const Point shoulder{middle, 0.77 * h}, wrist{middle + swing * 0.15 * h, 0.46 * h};
  const Point elbow{middle + swing * 0.05 * h - 0.02 * h, 0.61 * h};
  draw_limb(pen, shoulder, elbow, wrist, 0.07 * h, sleeve);
  pen.ellipse(wrist, 0.032 * h, 0.032 * h, hand);
}

void draw_head(Pen& pen, double middle, double h, const Clothes& c) {
  pen.ellipse({middle, 0.92 * h}, 0.072 * h, 0.08 * h, c.skin);
  pen.ellipse({middle - 0.018 * h, 0.95 * h}, 0.068 * h, 0.055 * h, c.hat ? c.coat : c.hair);
}

}  // namespace

Lamps draw_person(Pen& pen, const Shape& shape, double walked) {
  Random random(shape.seed, 5);
  const Clothes c = dress(random);
  const double h = shape.height, middle = shape.length / 2, stout = random.uniform(0.085, 0.13) * h;
  const double swing = std::sin(walked / (0.2 * h) + random.uniform(0, 6));

  draw_arm(pen, middle, h, swing, shade(c.coat, 0.7), c.skin);
  draw_leg(pen, middle, h, -swing, shade(c.trousers, 0.75));
  draw_leg(pen, middle, h, swing, c.trousers);
  if (c.bag) pen.round_rect(middle - stout - 0.1 * h, 0.56 * h, 0.16 * h, 0.22 * h, 3, shade(c.trousers, 1.3));
  pen.round_rect(middle - stout, 0.44 * h, 2 * stout, 0.4 * h, 0.07 * h, c.coat);
  if (c.skirt)
    pen.polygon({{middle - stout, 0.5 * h},
                 {middle + stout, 0.5 * h},
                 {middle + 1.7 * stout, 0.24 * h},
                 {middle - 1.7 * stout, 0.24 * h}},
                shade(c.coat, 0.85));
  draw_head(pen, middle, h, c);
  draw_arm(pen, middle, h, -swing, shade(c.coat, 0.85), c.skin);
  if (c.umbrella) {
    const Color canopy = paint(random);
    pen.line({middle + 0.1 * h, 0.6 * h}, {middle + 0.1 * h, 1.12 * h}, 1.2, {60, 60, 60});
    pen.polygon({{middle - 0.2 * h, 1.03 * h},
                 {middle - 0.06 * h, 1.14 * h},
                 {middle + 0.1 * h, 1.18 * h},
                 {middle + 0.26 * h, 1.14 * h},
                 {middle + 0.4 * h, 1.03 * h}},
                canopy);
  }
  return {};
}

}  // namespace ekya::scene
