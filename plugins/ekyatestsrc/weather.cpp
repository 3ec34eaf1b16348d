// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/weather.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ekyatestsrc/backdrop.h"
#include "ekya/base/random.h"

// The loops over whole pictures work on bytes with 16-bit sums, without branches, so that the compiler vectorises them:
// a frame of 640x360 costs a few tenths of a millisecond each.
namespace ekya::scene {
namespace {

constexpr int kNoiseUnit = 32, kNoisePlaces = 1 << 16, kWidest = 8192;

/// value * gain + offset for one channel.
struct Line {
  double gain = 1, offset = 0;
  void towards(double target, double fraction) {
    gain *= 1 - fraction;
    offset += (target - offset) * fraction;
  }
};

/// Tone of a row, for B, G, R and the unused byte. `depth`: 0 at the bottom, 1 at the top.
std::array<Line, 4> tone(const Conditions& c, double depth) {
  constexpr std::array<double, 4> kRain{132, 126, 120, 0}, kFog{214, 211, 207, 0}, kSnow{232, 229, 226, 0};
  constexpr std::array<double, 4> kNightGain{0.27, 0.21, 0.19, 1}, kNightFloor{15, 9, 8, 0};
  const double dark = std::pow(1 - c.light, 1.2), haze = 0.55 + 0.45 * depth;
  std::array<Line, 4> lines;
  for (int i = 0; i < 4; ++i) {
    lines[i].towards(kRain[i], 0.42 * c.rain);
    lines[i].towards(kFog[i], 0.88 * c.fog * haze);
    lines[i].towards(kSnow[i], 0.35 * c.snow);
    const double gain = 1 + (kNightGain[i] - 1) * dark;
    lines[i] = {lines[i].gain * gain, lines[i].offset * gain + kNightFloor[i] * dark};
  }
  return lines;
}

void tone_row(std::uint8_t* row, int bytes, const std::array<Line, 4>& lines) {
  constexpr int kBlock = 16;
  std::array<std::uint16_t, kBlock> gain, offset;
  for (int i = 0; i < kBlock; ++i) {
    gain[i] = static_cast<std::uint16_t>(lines[i % 4].gain * 256);
    offset[i] = static_cast<std::uint16_t>(lines[i % 4].offset * 256);
  }
  int at = 0;
  for (; at + kBlock <= bytes; at += kBlock)
    for (int i = 0; i < kBlock; ++i)
      row[at + i] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(row[at + i] * gain[i] + offset[i]) >> 8);
  for (int i = 0; at + i < bytes; ++i)
    row[at + i] = static_cast<std::uint8_t>(static_cast<std::uint16_t>(row[at + i] * gain[i] + offset[i]) >> 8);
}

bool changes_tone(const Conditions& c) { return c.light < 1 || c.rain > 0 || c.fog > 0 || c.snow > 0; }

void set_tone(Canvas& canvas, const Conditions& c) {
  for (int y = 0; y < canvas.height(); ++y)
    tone_row(canvas.row(y), canvas.stride(), tone(c, 1 - static_cast<double>(y) / canvas.height()));
}

/// out = before * side + middle * (256 - 2 side) + after * side, over 256.
void smooth(const std::uint8_t* before, const std::uint8_t* middle, const std::uint8_t* after, std::uint8_t* out,
            int bytes, int side) {
  const auto outer = static_cast<std::uint16_t>(side), inner = static_cast<std::uint16_t>(256 - 2 * side);
  for (int i = 0; i < bytes; ++i)
    out[i] = static_cast<std::uint8_t>(
        static_cast<std::uint16_t>((before[i] + after[i]) * outer + middle[i] * inner + 128) >> 8);
}

void mix_pixel(Canvas& canvas, int x, int y, Color color, int alpha) {
  if (x < 0 || y < 0 || x >= canvas.width() || y >= canvas.height()) return;
  std::uint8_t* pixel = canvas.row(y) + x * Canvas::kChannels;
  pixel[0] = static_cast<std::uint8_t>(pixel[0] + (((color.b - pixel[0]) * alpha) >> 8));
  pixel[1] = static_cast<std::uint8_t>(pixel[1] + (((color.g - pixel[1]) * alpha) >> 8));
  pixel[2] = static_cast<std::uint8_t>(pixel[2] + (((color.r - pixel[2]) * alpha) >> 8));
}

int count_for(const Canvas& canvas, double per_small_picture) {
  return static_cast<int>(std::min(per_small_picture * canvas.width() * canvas.height() / (640.0 * 360), 8000.0));
}

void draw_rain(Canvas& canvas, const Conditions& c, Random random) {
  const double unit = std::max(canvas.height() / kSceneHeight, 0.3);
  const Color drop = blend({84, 88, 98}, {208, 214, 222}, c.light);
  for (int i = count_for(canvas, 520 * c.rain); i > 0; --i) {
    const double x = random.uniform(-10, canvas.width() + 10.0), y = random.uniform(-20, canvas.height());
    const int length = static_cast<int>(random.uniform(9, 24) * unit), alpha = 60 + random.below(80);
    for (int step = 0; step < length; ++step)
      mix_pixel(canvas, static_cast<int>(x - 0.22 * step), static_cast<int>(y) + step, drop, alpha);
  }
}

void draw_snow(Canvas& canvas, const Conditions& c, Random random) {
  const double unit = canvas.height() / kSceneHeight;
  const Color flake = blend({120, 124, 134}, {250, 250, 252}, c.light);
  for (int i = count_for(canvas, 420 * c.snow); i > 0; --i) {
    const double x = random.uniform(0, canvas.width()), y = random.uniform(0, canvas.height());
    const double radius = std::max(random.uniform(0.8, 2.7) * unit, 0.6);
    const int reach = static_cast<int>(radius + 1);
    for (int dy = -reach; dy <= reach; ++dy)
      for (int dx = -reach; dx <= reach; ++dx) {
        const double cover = std::clamp(radius + 0.5 - std::hypot(dx, dy), 0.0, 1.0);
        if (cover > 0)
          mix_pixel(canvas, static_cast<int>(x) + dx, static_cast<int>(y) + dy, flake, static_cast<int>(cover * 205));
      }
  }
}

}  // namespace

Atmosphere::Atmosphere(std::uint64_t seed) : seed_(seed), noise_(kNoisePlaces + kWidest * Canvas::kChannels) {
  Random random(seed, 21);
  for (auto& value : noise_) {
    const double normal = random.uniform() + random.uniform() + random.uniform() + random.uniform() - 2;  // sigma 0.577
    value = static_cast<std::int8_t>(std::clamp(normal * 1.732 * kNoiseUnit, -127.0, 127.0));
  }
}

void Atmosphere::apply(Canvas& canvas, const Conditions& c, const std::vector<Glow>& glows, std::uint64_t frame) {
  if (changes_tone(c)) set_tone(canvas, c);
  for (const Glow& glow : glows) {
    if (glow.reflected)
      canvas.light_up(glow.centre, glow.radius_x, glow.radius_y, glow.color);
    else
      canvas.add_glow(glow.centre, glow.radius_x, glow.radius_y, glow.color);
  }
  const double unit = canvas.height() / kSceneHeight;
  blur(canvas, std::hypot(4 * c.blur, 1.25 * c.rain, 0.5 * c.fog) * unit);
  if (c.rain > 0) draw_rain(canvas, c, Random(seed_, mix(frame, 1)));
  if (c.snow > 0) draw_snow(canvas, c, Random(seed_, mix(frame, 2)));
  add_noise(canvas, std::hypot(30 * c.noise, 6.5 * std::pow(1 - c.light, 1.2)), frame);
}

// Passes of three taps, 1, 2, 4, ... pixels apart, until their variances add up to that of the wanted Gaussian. The
// source of the idea is the à trous transform (Holschneider 1989).
void Atmosphere::blur(Canvas& canvas, double sigma) {
  double variance = sigma * sigma;
  const int width = canvas.width(), height = canvas.height(), stride = canvas.stride();
  other_.resize(canvas.pixels().size());
  for (int step = 1; variance > 0.02 && step <= 32; step *= 2) {
    const double side = std::min(0.25, variance / (2.0 * step * step));
    variance -= 2 * side * step * step;
    const int weight = static_cast<int>(side * 256);
    const int reach = std::min(step, (width - 1) / 2), edge = reach * Canvas::kChannels;
    for (int y = 0; y < height; ++y) {
      const std::uint8_t* in = canvas.row(y);
      std::uint8_t* out = other_.data() + static_cast<std::size_t>(y) * stride;
      std::copy_n(in, edge, out);
      smooth(in, in + edge, in + 2 * edge, out + edge, stride - 2 * edge, weight);
      std::copy_n(in + stride - edge, edge, out + stride - edge);
    }
    const auto row = [&](int y) {
      return other_.data() + static_cast<std::size_t>(std::clamp(y, 0, height - 1)) * stride;
    };
    for (int y = 0; y < height; ++y) smooth(row(y - step), row(y), row(y + step), canvas.row(y), stride, weight);
  }
}

void Atmosphere::add_noise(Canvas& canvas, double sigma, std::uint64_t frame) const {
  if (sigma < 0.3) return;
  Random random(seed_, mix(frame, 3));
  const auto strength = static_cast<std::int16_t>(std::min(sigma, 60.0) * 128 / kNoiseUnit);
  const int bytes = canvas.stride();  // Not in the loop's condition: a byte that is written might change it.
  for (int y = 0; y < canvas.height(); ++y) {
    const std::int8_t* noise = noise_.data() + random.below(kNoisePlaces);
    std::uint8_t* row = canvas.row(y);
    for (int i = 0; i < bytes; ++i) {
      const auto added = static_cast<std::int16_t>(static_cast<std::int16_t>(noise[i] * strength) >> 7);
      row[i] = static_cast<std::uint8_t>(std::clamp<std::int16_t>(static_cast<std::int16_t>(row[i] + added), 0, 255));
    }
  }
}

}  // namespace ekya::scene
