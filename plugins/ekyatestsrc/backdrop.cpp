// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/backdrop.h"

#include <cmath>
#include <numbers>

#include "ekya/base/random.h"
#include "ekyatestsrc/shapes.h"

namespace ekya::scene {
namespace {

constexpr double kFar = 700;  ///< The backdrop reaches so far beyond the picture, for tilted viewpoints.
constexpr double kHorizon = 118, kRoadTop = 170, kRoadBottom = 292;
constexpr Color kSnow{238, 242, 246};

constexpr std::uint32_t bit(Kind kind) { return 1u << static_cast<int>(kind); }

void draw_sky(Pen& pen, double width) {
  constexpr int kBands = 24;
  for (int i = 0; i < kBands; ++i) {
    const double top = kHorizon * i / kBands;
    pen.rect(-kFar, i ? top : -kFar, width + 2 * kFar, kHorizon / kBands + (i ? 1 : kFar),
             blend({118, 168, 220}, {206, 224, 236}, static_cast<double>(i) / kBands));
  }
}

void draw_house(Pen& pen, double x, double width, double height, Random& random) {
  const Color wall =
      blend(blend({176, 120, 96}, {214, 202, 180}, random.uniform()), {150, 158, 168}, random.uniform(0, 0.7));
  pen.rect(x, kHorizon + 8 - height, width, height, wall);
  pen.rect(x, kHorizon + 8 - height, width, 3, shade(wall, 0.75));
  const double pitch = random.uniform(11, 16);
  for (double wy = kHorizon - height + 16; wy < kHorizon - 8; wy += pitch * 1.15)
    for (double wx = x + 5; wx < x + width - 8; wx += pitch)
      pen.rect(wx, wy, pitch * 0.45, pitch * 0.6, shade({88, 104, 122}, random.uniform(0.7, 1.3)));
}

void draw_tree(Pen& pen, double x, double size, Random& random) {
  const Color leaves = blend({52, 104, 50}, {116, 138, 62}, random.uniform());
  pen.rect(x - 0.05 * size, kHorizon + 10 - 0.5 * size, 0.1 * size, 0.5 * size, {92, 70, 52});
  for (int i = 0; i < 5; ++i)
    pen.ellipse({x + random.uniform(-0.28, 0.28) * size, kHorizon + 10 - size * random.uniform(0.45, 0.85)},
                size * random.uniform(0.2, 0.3), size * random.uniform(0.18, 0.26),
                shade(leaves, random.uniform(0.85, 1.15)));
}

void draw_town(Pen& pen, double width, std::uint64_t seed) {
  Random random(seed, 11);
  for (double x = -kFar; x < width + kFar;) {
    const double w = random.uniform(46, 110);
    draw_house(pen, x, w, random.uniform(34, 92), random);
    x += w + (random.chance(0.3) ? random.uniform(4, 40) : 0);
  }
  for (double x = -kFar; x < width + kFar; x += random.uniform(50, 130))
    draw_tree(pen, x, random.uniform(42, 74), random);
}

void draw_pavement(Pen& pen, double width, double top, double bottom, double joint, Color color) {
  pen.rect(-kFar, top, width + 2 * kFar, bottom - top, color);
  for (double x = -kFar; x < width + kFar; x += joint)
    pen.line({x, top}, {x - (bottom - top) * 0.35, bottom}, 0.8, shade(color, 0.88));
}

void draw_markings(Pen& pen, double width, double y, double thickness) {
  for (double x = -kFar; x < width + kFar; x += 62) pen.rect(x, y, 30, thickness, {232, 232, 226});
}

void draw_asphalt(Pen& pen, double width, std::uint64_t seed, double snow) {
  Random random(seed, 12);
  const Color asphalt = blend(shade({92, 94, 98}, random.uniform(0.85, 1.15)), kSnow, 0.55 * snow);
  pen.rect(-kFar, kRoadTop, width + 2 * kFar, kRoadBottom - kRoadTop, asphalt);
  for (int i = 0; i < 40; ++i) {
    const double x = random.uniform(-kFar, width + kFar), y = random.uniform(kRoadTop + 4, kRoadBottom - 14);
    pen.round_rect(x, y, random.uniform(20, 120), random.uniform(3, 9), 3,
                   faded(shade(asphalt, random.uniform(0.8, 1.12)), 0.5));
  }
  draw_markings(pen, width, 211, 2.6);
  pen.rect(-kFar, 256, width + 2 * kFar, 2.6, {228, 228, 220});
}

}  // namespace

std::vector<Lane> road_lanes(std::uint64_t seed) {
  const std::uint32_t people = bit(Kind::kPerson), bikes = bit(Kind::kBicycle);
  const std::uint32_t motors = bit(Kind::kCar) | bit(Kind::kTruck) | bit(Kind::kBus) | bit(Kind::kMotorcycle);
  Random random(seed, 13);
  const auto about = [&](double speed) { return speed * random.uniform(0.9, 1.1); };
  return {{163, 0.8, about(46), people | bikes},
          {205, 0.9, about(-98), motors | bikes},
          {249, 1.05, about(112), motors},
          {286, 1.15, about(-72), bikes | people | bit(Kind::kMotorcycle)},
          {336, 1.3, about(58), people}};
}

std::vector<Lane> belt_lanes(std::uint64_t seed) {
  Random random(seed, 14);
  const auto about = [&](double speed) { return speed * random.uniform(0.9, 1.1); };
  return {{112, 1, about(80), ~0u}, {226, 1, about(-90), ~0u}, {340, 1, about(70), ~0u}};
}

std::vector<Point> street_lamps(double width) {
  std::vector<Point> lamps;
  for (double x = 70; x < width + 60; x += 190) lamps.push_back({x + 22, 62});
  return lamps;
}

Affine camera(int width, int height, double viewpoint) {
  const double unit = height / kSceneHeight, scene_width = width / unit;
  const double angle = -0.2 * viewpoint, zoom = 1 + 0.35 * viewpoint, squeeze = 1 - 0.18 * viewpoint;
  const double middle_x = scene_width / 2, middle_y = 225;
  const Affine centred{1, 0, 0, 1, -middle_x, -middle_y};
  const Affine turned{zoom * std::cos(angle), -zoom * squeeze * std::sin(angle), zoom * std::sin(angle),
                      zoom * squeeze * std::cos(angle)};
  return chain({unit, 0, 0, unit, middle_x * unit, middle_y * unit}, chain(turned, centred));
}

void draw_road(Canvas& canvas, const Affine& camera, std::uint64_t seed, double snow) {
  Pen pen(canvas, camera);
  const double width = canvas.width() * kSceneHeight / canvas.height();
  draw_sky(pen, width);
  pen.rect(-kFar, kHorizon, width + 2 * kFar, 2 * kFar, blend({122, 136, 92}, kSnow, 0.8 * snow));
  draw_town(pen, width, seed);
  draw_pavement(pen, width, 140, kRoadTop, 22, blend({172, 168, 160}, kSnow, 0.8 * snow));
  draw_asphalt(pen, width, seed, snow);
  pen.rect(-kFar, 258, width + 2 * kFar, kRoadBottom - 258, blend({146, 92, 82}, kSnow, 0.6 * snow));
  draw_pavement(pen, width, kRoadBottom, 2 * kFar, 36, blend({184, 180, 172}, kSnow, 0.8 * snow));
  pen.rect(-kFar, kRoadTop - 3, width + 2 * kFar, 3, {128, 126, 122});
  pen.rect(-kFar, kRoadBottom, width + 2 * kFar, 4, {138, 136, 130});
  for (Point lamp : street_lamps(width)) {
    pen.line({lamp.x - 22, 152}, {lamp.x - 22, 66}, 2.4, {70, 74, 78});
    pen.line({lamp.x - 22, 66}, lamp, 2, {70, 74, 78});
    pen.rect(lamp.x - 5, lamp.y - 1, 10, 3.4, {226, 222, 200});
  }
}

void draw_belts(Canvas& canvas, const Affine& camera, std::uint64_t seed, double snow) {
  Pen pen(canvas, camera);
  const double width = canvas.width() * kSceneHeight / canvas.height();
  pen.rect(-kFar, -kFar, width + 2 * kFar, 3 * kFar, {126, 132, 138});
  for (const Lane& lane : belt_lanes(seed)) {
    pen.rect(-kFar, lane.y - 100, width + 2 * kFar, 106, blend({58, 62, 66}, kSnow, 0.5 * snow));
    for (double y : {lane.y - 104, lane.y + 4}) pen.rect(-kFar, y, width + 2 * kFar, 5, {206, 168, 44});
  }
}

}  // namespace ekya::scene
