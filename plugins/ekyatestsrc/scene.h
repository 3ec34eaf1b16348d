// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ekyatestsrc/conditions.h"
#include "ekyatestsrc/drawing.h"
#include "ekyatestsrc/shapes.h"
#include "ekyatestsrc/sprites.h"
#include "ekyatestsrc/traffic.h"
#include "ekyatestsrc/weather.h"

namespace ekya::scene {

/// What may change from frame to frame.
struct SceneDrift {
  Conditions before, after;
  ClassMix mix_before, mix_after;  ///< [classes]; empty: all classes alike.
  Drift drift;
  int sprites_window = 0;             ///< First window of the sprites' data set that is shown.
  double sprites_window_seconds = 0;  ///< Then the next one each so many seconds; 0: it stays.
};

struct SceneOptions {
  int width = 640, height = 360;  ///< Pixels, 16 to 4096 each.
  std::uint64_t seed = 1;
  int objects = 5;                           ///< On their way at the same time.
  std::shared_ptr<const SpriteSet> sprites;  ///< May be null: drawn objects on a road.
};

/// An object that the picture shows well enough to be classified.
struct Truth {
  std::uint64_t id = 0;  ///< Of the object, from frame to frame.
  int label = 0;
  int x = 0, y = 0, width = 0, height = 0;  ///< Pixels; inside the picture.
};

/// The test camera's picture and its ground truth. A frame follows from the options, the drift and its time and number
/// alone, in whatever order frames are asked for. Not thread-safe.
class Scene {
 public:
  explicit Scene(SceneOptions options, SceneDrift drift = {});

  const std::vector<std::string>& labels() const;
  /// Objects that are on their way keep their class.
  void set_drift(SceneDrift drift) { drift_ = std::move(drift); }
  double level(double seconds) const { return drift_level(drift_.drift, seconds); }
  Conditions conditions(double seconds) const { return between(drift_.before, drift_.after, level(seconds)); }

  /// Draws frame number `frame` of the stream at `seconds` >= 0 and gives what is on it, the farthest object first.
  /// An object with less than 40 % of its box visible or less than 12 pixels on a side is not in the list.
  const std::vector<Truth>& render(double seconds, std::uint64_t frame);
  const Canvas& canvas() const { return canvas_; }
  int objects() const { return options_.objects; }

 private:
  Arrival decide(std::uint64_t id, double seconds) const;
  int choose_sprite(int label, double seconds, std::uint64_t seed) const;
  void draw_backdrop(const Conditions& conditions);
  Box draw_mover(const Mover& mover, double seconds, double light);
  void add_lamps(const Pen& pen, const Lamps& lamps, double scale, double light);
  void add_street_lamps(double light);
  void list_visible();

  struct Drawn {
    std::uint64_t id;
    int label;
    Box box;
  };

  SceneOptions options_;
  SceneDrift drift_;
  double width_;  ///< In the scene's units.
  Traffic traffic_;
  Atmosphere atmosphere_;
  Affine camera_;
  Canvas canvas_, backdrop_;
  int backdrop_view_ = -1, backdrop_snow_ = -1;  ///< In steps, what backdrop_ was drawn for.
  std::vector<Glow> glows_;
  std::vector<Drawn> drawn_;
  std::vector<Truth> truth_;
};

}  // namespace ekya::scene
