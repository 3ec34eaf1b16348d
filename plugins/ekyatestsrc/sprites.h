// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekyatestsrc/drawing.h"

namespace ekya::scene {

/// Small real pictures that ride on the belts instead of drawn objects. Immutable.
struct SpriteSet {
  struct Sprite {
    int label = 0;   ///< Index into `labels`.
    int window = 0;  ///< Of a drifting data set; 0 where there is none.
    int width = 0, height = 0;
    std::size_t offset = 0;  ///< Into `pixels`: [height, width, channels].
  };
  std::vector<std::string> labels;
  int windows = 1;
  int channels = 3;  ///< 1: grey, 3: R, G, B.
  std::vector<Sprite> sprites;
  std::vector<std::uint8_t> pixels;
  /// [windows][labels] indices of sprites, so that one of a class can be drawn.
  std::vector<std::vector<std::vector<int>>> by_window;
};

/// Of a larger set the first ones are used.
constexpr int kMostSprites = 10'000;
constexpr int kLargestSprite = 512;  ///< Pixels a side.

/// Reads an IDX images file (`...images-idx3-ubyte`, gzip or plain; its labels file lies beside it with `labels-idx1`),
/// or a folder with an `index.csv` of the columns file, class and, if the set drifts, window; its files are binary PPM.
/// Labels are the classes' numbers or words as the data set has them. Slow: not for a streaming thread.
/// Errors: kNotFound, kIo, kCorrupt naming the file and, in index.csv, the line.
Result<std::shared_ptr<const SpriteSet>> load_sprites(const std::string& path);

// One a file.
Result<SpriteSet> load_idx(const std::string& images_path);
Result<SpriteSet> load_sprite_folder(const std::string& folder);

/// Draws with (0, 0) the lower left corner, x to the right up to 1 and y upwards up to 1 in `unit_to_canvas`.
/// Gives the box that it covers, in pixels.
Box draw_sprite(Canvas& canvas, const Affine& unit_to_canvas, const SpriteSet& set, int index);

}  // namespace ekya::scene
