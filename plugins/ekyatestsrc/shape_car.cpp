// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <vector>

#include "ekya/base/random.h"
#include "ekyatestsrc/shapes.h"

namespace ekya::scene {
namespace {

/// The side view above the sills, as fractions of length and height, from the rear bumper to the front.
struct Profile {
  std::vector<Point> body;
  std::vector<std::vector<Point>> windows;
};

const std::array<Profile, 5>& profiles() {
  static const std::array<Profile, 5> table{{
      // Saloon
      {{{0, .2}, {0, .52}, {.03, .6}, {.17, .62}, {.32, .98}, {.6, .98}, {.74, .62}, {.96, .54}, {1, .42}, {1, .2}},
       {{{.23, .62}, {.345, .9}, {.45, .9}, {.45, .62}}, {{.48, .62}, {.48, .9}, {.585, .9}, {.69, .62}}}},
      // Hatchback
      {{{0, .2}, {.01, .6}, {.08, .92}, {.14, .98}, {.55, .98}, {.72, .62}, {.95, .54}, {1, .4}, {1, .2}},
       {{{.09, .62}, {.15, .9}, {.34, .9}, {.34, .62}}, {{.37, .62}, {.37, .9}, {.54, .9}, {.67, .62}}}},
      // Estate, sport utility
      {{{0, .22}, {0, .66}, {.05, .96}, {.1, 1}, {.6, 1}, {.72, .68}, {.97, .62}, {1, .5}, {1, .22}},
       {{{.05, .66}, {.09, .92}, {.22, .92}, {.22, .66}},
        {{.25, .66}, {.25, .92}, {.42, .92}, {.42, .66}},
        {{.45, .66}, {.45, .92}, {.585, .92}, {.68, .66}}}},
      // Coupe
      {{{0, .2}, {.01, .5}, {.06, .58}, {.36, .94}, {.54, .95}, {.72, .58}, {.97, .5}, {1, .36}, {1, .2}},
       {{{.22, .6}, {.38, .87}, {.52, .87}, {.65, .6}}}},
      // Pick-up
      {{{0, .2}, {0, .56}, {.36, .56}, {.4, .98}, {.62, .98}, {.73, .6}, {.97, .54}, {1, .42}, {1, .2}},
       {{{.42, .62}, {.44, .9}, {.6, .9}, {.69, .62}}}},
  }};
  return table;
}

std::vector<Point> scaled(const std::vector<Point>& points, const Shape& shape) {
  std::vector<Point> out;
  for (Point p : points) out.push_back({p.x * shape.length, p.y * shape.height});
  return out;
}

}  // namespace

Lamps draw_car(Pen& pen, const Shape& shape, double walked) {
  Random random(shape.seed, 2);
  const auto& profile = profiles()[static_cast<std::size_t>(random.below(5))];
  const double l = shape.length, h = shape.height, radius = h * random.uniform(0.2, 0.24);
  const Color body = paint(random), glass = blend({35, 48, 60}, {150, 180, 200}, random.uniform(0, 0.7));

  pen.polygon(scaled(profile.body, shape), body);
  pen.rect(0.01 * l, 0.18 * h, 0.98 * l, 0.14 * h, shade(body, 0.6));
  for (const auto& window : profile.windows) pen.polygon(scaled(window, shape), glass);
  pen.rect(0.44 * l, 0.24 * h, 0.012 * l, 0.36 * h, shade(body, 0.65));
  pen.rect(0.36 * l, 0.5 * h, 0.06 * l, 0.035 * h, shade(body, 0.5));
  const Point head{0.97 * l, 0.44 * h}, tail{0.02 * l, 0.48 * h};
  pen.ellipse(head, 0.03 * l, 0.05 * h, {250, 245, 215});
  pen.rect(0, 0.42 * h, 0.025 * l, 0.12 * h, {190, 20, 20});
  for (double x : {0.19, 0.81}) {
    pen.ellipse({x * l, radius}, radius * 1.2, radius * 1.2, shade(body, 0.35));
    draw_wheel(pen, {x * l, radius}, radius, walked);
  }
  return {head, tail, 1.0};
}

}  // namespace ekya::scene
