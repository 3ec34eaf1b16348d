// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/sprites.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "ekya/base/printable.h"

namespace ekya::scene {
namespace {

void index_by_window(SpriteSet& set) {
  set.by_window.assign(set.windows, std::vector<std::vector<int>>(set.labels.size()));
  for (std::size_t i = 0; i < set.sprites.size(); ++i)
    set.by_window[set.sprites[i].window][set.sprites[i].label].push_back(static_cast<int>(i));
}

Affine inverse(const Affine& m) {
  const double d = m.xx * m.yy - m.xy * m.yx;
  return {m.yy / d, -m.xy / d, -m.yx / d, m.xx / d, (m.xy * m.y0 - m.yy * m.x0) / d, (m.yx * m.x0 - m.xx * m.y0) / d};
}

/// One channel at (u, v) in pixels, between the four nearest.
int sample(const std::uint8_t* pixels, const SpriteSet::Sprite& s, int channels, int channel, double u, double v) {
  const int x = std::clamp(static_cast<int>(u), 0, s.width - 1), y = std::clamp(static_cast<int>(v), 0, s.height - 1);
  const int right = std::min(x + 1, s.width - 1), below = std::min(y + 1, s.height - 1);
  const double fx = std::clamp(u - x, 0.0, 1.0), fy = std::clamp(v - y, 0.0, 1.0);
  const auto at = [&](int column, int row) { return pixels[(row * s.width + column) * channels + channel]; };
  return static_cast<int>(std::lerp(std::lerp<double>(at(x, y), at(right, y), fx),
                                    std::lerp<double>(at(x, below), at(right, below), fx), fy) +
                          0.5);
}

}  // namespace

Result<std::shared_ptr<const SpriteSet>> load_sprites(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    return Error{ErrorCode::kNotFound, "there is no data set at '" + printable(path, 400) + "'"};
  auto set = S_ISDIR(status.st_mode) ? load_sprite_folder(path) : load_idx(path);
  if (!set) return set.error();
  index_by_window(*set);
  return std::make_shared<const SpriteSet>(*std::move(set));
}

Box draw_sprite(Canvas& canvas, const Affine& unit_to_canvas, const SpriteSet& set, int index) {
  const auto& sprite = set.sprites[index];
  Box box;
  for (Point corner : std::array<Point, 4>{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}) box.include(unit_to_canvas(corner));
  const Box inside = intersection(box, {0, 0, double(canvas.width()), double(canvas.height())});
  const Affine to_unit = inverse(unit_to_canvas);
  const std::uint8_t* pixels = set.pixels.data() + sprite.offset;
  for (int y = static_cast<int>(inside.y1); y < inside.y2; ++y)
    for (int x = static_cast<int>(inside.x1); x < inside.x2; ++x) {
      const Point unit = to_unit({x + 0.5, y + 0.5});
      if (unit.x < 0 || unit.y < 0 || unit.x >= 1 || unit.y >= 1) continue;
      const double u = unit.x * sprite.width - 0.5, v = (1 - unit.y) * sprite.height - 0.5;
      std::uint8_t* pixel = canvas.row(y) + x * Canvas::kChannels;
      for (int channel = 0; channel < 3; ++channel)
        pixel[2 - channel] =
            static_cast<std::uint8_t>(sample(pixels, sprite, set.channels, set.channels == 1 ? 0 : channel, u, v));
    }
  return box;
}

}  // namespace ekya::scene
