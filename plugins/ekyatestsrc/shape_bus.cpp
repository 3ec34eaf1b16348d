// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "ekya/base/random.h"
#include "ekyatestsrc/shapes.h"

namespace ekya::scene {
namespace {

constexpr Color kGlass{52, 70, 84};

/// A row of windows with posts between them.
void draw_windows(Pen& pen, double from, double to, double bottom, double height, int count, Color glass) {
  const double pitch = (to - from) / count;
  for (int i = 0; i < count; ++i)
    pen.round_rect(from + i * pitch + pitch * 0.06, bottom, pitch * 0.88, height, 2, glass);
}

void draw_door(Pen& pen, double x, double width, double floor, double height) {
  pen.rect(x, floor, width, height - floor, {40, 48, 54});
  pen.rect(x + 1.2, floor + 2, width / 2 - 1.8, height - floor - 4, {120, 145, 158});
  pen.rect(x + width / 2 + 0.6, floor + 2, width / 2 - 1.8, height - floor - 4, {120, 145, 158});
}

void draw_front(Pen& pen, double l, double h, bool two_decks) {
  const double bottom = two_decks ? 0.26 : 0.42, top = two_decks ? 0.47 : 0.8;
  pen.polygon({{0.945 * l, bottom * h}, {0.945 * l, top * h}, {0.985 * l, top * h}, {0.995 * l, bottom * h}}, kGlass);
  pen.rect(0.86 * l, h * 0.9, 0.12 * l, h * 0.06, {250, 190, 40});
}

}  // namespace

Lamps draw_bus(Pen& pen, const Shape& shape, double walked) {
  Random random(shape.seed, 4);
  const bool two_decks = random.chance(0.25);
  const double l = shape.length, h = two_decks ? shape.height * 1.2 : shape.height;
  const double radius = shape.height * random.uniform(0.14, 0.16), floor = radius * 0.9;
  const Color body = paint(random), stripe = paint(random);
  const Color glass = blend(kGlass, {170, 195, 205}, random.uniform(0, 0.5));
  const int windows = 5 + random.below(4);

  pen.round_rect(0, floor, l, h - floor, 7, body);
  pen.rect(0, floor, l, (h - floor) * 0.16, shade(body, 0.7));
  if (random.chance(0.7)) pen.rect(1, h * random.uniform(0.3, 0.36), l - 2, 4, stripe);
  if (two_decks) draw_windows(pen, 0.03 * l, 0.98 * l, 0.66 * h, 0.2 * h, windows + 1, glass);
  const double bottom = two_decks ? 0.34 : 0.5, height = two_decks ? 0.17 : 0.32;
  draw_windows(pen, 0.03 * l, 0.93 * l, bottom * h, height * h, windows, glass);
  const double door_top = two_decks ? 0.52 * h : 0.84 * h;
  draw_door(pen, 0.87 * l, 0.065 * l, floor + 2, door_top);
  if (random.chance(0.6)) draw_door(pen, 0.5 * l, 0.085 * l, floor + 2, door_top);
  draw_front(pen, l, h, two_decks);
  for (double x : {0.2, 0.79}) draw_wheel(pen, {x * l, radius}, radius, walked);
  const Point head{0.985 * l, floor + 6}, tail{0.01 * l, floor + 8};
  pen.ellipse(head, 3, 3, {250, 245, 215});
  pen.rect(0, floor + 5, 3, 6, {190, 20, 20});
  return {head, tail, 1.2};
}

}  // namespace ekya::scene
