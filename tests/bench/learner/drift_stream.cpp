// SPDX-License-Identifier: LGPL-2.1-or-later
#include "drift_stream.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>

#include "ekya/device/preprocess.h"
#include "ekyatestsrc/sprites.h"

namespace ekya::bench {
namespace {

using learner::LabelledCrops;

struct Picture {
  int label = 0, width = 0, height = 0;
  std::vector<std::uint8_t> rgb;  ///< [height, width, 3]
};

/// Resized to the crops' size.
void append(LabelledCrops& crops, const Picture& picture) {
  const std::size_t begin = crops.pixels.size();
  crops.pixels.resize(begin + std::size_t{3} * crops.size * crops.size);
  device::ImageView view;
  view.width = picture.width;
  view.height = picture.height;
  view.plane[0] = picture.rgb.data();
  view.size[0] = picture.rgb.size();
  view.stride[0] = 3 * picture.width;
  const Status resized = device::crop_resize(view, {0, 0, picture.width, picture.height}, crops.size, crops.size,
                                             std::span(crops.pixels).subspan(begin));
  if (!resized) throw std::logic_error(resized.error().message);  // Its only error is a picture without a pixel.
  crops.labels.push_back(picture.label);
  crops.weights.push_back(1);
}

LabelledCrops empty(int size) {
  LabelledCrops crops;
  crops.size = size;
  return crops;
}

/// A binary PPM of 8 bits.
Result<Picture> read_ppm(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic, line;
  Picture picture;
  int most = 0;
  file >> magic >> std::ws;
  while (file.peek() == '#') std::getline(file, line) >> std::ws;
  file >> picture.width >> picture.height >> most;
  file.get();
  if (!file || magic != "P6" || most != 255 || picture.width < 1 || picture.height < 1 || picture.width > 4096 ||
      picture.height > 4096)
    return Error{ErrorCode::kCorrupt, path + ": is no binary PPM of 8 bits"};
  picture.rgb.resize(std::size_t{3} * picture.width * picture.height);
  file.read(reinterpret_cast<char*>(picture.rgb.data()), static_cast<std::streamsize>(picture.rgb.size()));
  if (!file) return Error{ErrorCode::kCorrupt, path + ": ends too early"};
  return picture;
}

struct SignRow {
  std::string file, label, track;
  int window = 0;
};

Result<std::vector<SignRow>> read_index(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  if (!line.starts_with("file,class,track,frame,window"))
    return Error{ErrorCode::kCorrupt, path + ": has not the columns file, class, track, frame, window"};
  std::vector<SignRow> rows;
  while (std::getline(file, line)) {
    std::istringstream text(line);
    std::vector<std::string> fields;
    for (std::string field; std::getline(text, field, ',');) fields.push_back(field);
    if (fields.size() < 5) return Error{ErrorCode::kCorrupt, path + ": a line of fewer than 5 fields: " + line};
    rows.push_back({fields[0], fields[1], fields[2], std::atoi(fields[4].c_str())});
  }
  return rows;
}

/// Which tracks are for testing: in each class and window every other one.
std::map<std::string, bool> deal_tracks(const std::vector<SignRow>& rows) {
  std::map<std::pair<std::string, int>, int> seen;
  std::map<std::string, bool> test;
  for (const SignRow& row : rows) {
    const std::string track = row.label + "/" + row.track;
    if (!test.contains(track)) test[track] = seen[{row.label, row.window}]++ % 2 == 1;
  }
  return test;
}

/// Tracks in another order, each as it was filmed.
void shuffle_tracks(std::vector<SignRow>& rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::map<std::string, std::uint64_t> place;
  for (const SignRow& row : rows)
    if (!place.contains(row.label + "/" + row.track)) place[row.label + "/" + row.track] = random();
  std::ranges::stable_sort(rows, {}, [&](const SignRow& row) { return place.at(row.label + "/" + row.track); });
}

Picture grey_picture(const scene::SpriteSet& set, const scene::SpriteSet::Sprite& sprite) {
  Picture picture{sprite.label, sprite.width, sprite.height, {}};
  for (int i = 0; i < sprite.width * sprite.height; ++i)
    for (int c = 0; c < 3; ++c)
      picture.rgb.push_back(set.pixels[sprite.offset + static_cast<std::size_t>(set.channels * i + c % set.channels)]);
  return picture;
}

/// How a window of the generated drift looks.
struct Look {
  double gain = 1, noise = 0;
  int blur = 0, shift = 0;  ///< In pixels.
};

constexpr Look kLooks[] = {{}, {0.35, 0, 0, 0}, {1, 40, 0, 0}, {0.8, 0, 2, 3}, {0.3, 15, 1, 0}};

double blurred(const Picture& picture, int x, int y, int channel, int radius) {
  double sum = 0;
  int count = 0;
  for (int v = std::max(0, y - radius); v <= std::min(picture.height - 1, y + radius); ++v)
    for (int u = std::max(0, x - radius); u <= std::min(picture.width - 1, x + radius); ++u, ++count)
      sum += picture.rgb[static_cast<std::size_t>(3 * (v * picture.width + u) + channel)];
  return count > 0 ? sum / count : 0;
}

Picture seen_as(const Picture& picture, const Look& look, std::mt19937_64& random) {
  std::normal_distribution<double> noise(0, look.noise > 0 ? look.noise : 1);
  std::uniform_int_distribution<int> shift(-look.shift, look.shift);
  const int dx = shift(random), dy = shift(random);
  Picture seen = picture;
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x)
      for (int c = 0; c < 3; ++c) {
        const double value = look.gain * blurred(picture, x + dx, y + dy, c, look.blur);
        seen.rgb[static_cast<std::size_t>(3 * (y * picture.width + x) + c)] =
            static_cast<std::uint8_t>(std::clamp(value + (look.noise > 0 ? noise(random) : 0), 0.0, 255.0));
      }
  return seen;
}

}  // namespace

Result<DriftStream> load_signs(const std::string& folder, int size, int labels, std::uint64_t seed) {
  auto rows = read_index(folder + "/index.csv");
  if (!rows) return rows.error();
  const auto test = deal_tracks(*rows);
  DriftStream stream{"signs", {}, empty(size), {}};
  for (const SignRow& row : *rows)
    if (std::ranges::find(stream.labels, row.label) == stream.labels.end()) stream.labels.push_back(row.label);
  stream.windows.resize(5, {empty(size), empty(size)});
  shuffle_tracks(*rows, seed);
  for (const SignRow& row : *rows) {
    if (row.window < 0 || row.window >= 5) return Error{ErrorCode::kCorrupt, "window out of range for " + row.file};
    auto picture = read_ppm(folder + "/" + row.file);
    if (!picture) return picture.error();
    picture->label = static_cast<int>(std::ranges::find(stream.labels, row.label) - stream.labels.begin());
    DriftStream::Window& window = stream.windows[static_cast<std::size_t>(row.window)];
    const bool tested = test.at(row.label + "/" + row.track);
    if (!tested && row.window == 0) append(stream.before, *picture);
    if (tested || window.train.count() < labels) append(tested ? window.test : window.train, *picture);
  }
  return stream;
}

Result<DriftStream> load_fashion(const std::string& images, int size, int labels, std::uint64_t seed) {
  constexpr int kBefore = 4000, kTest = 400;
  const auto set = scene::load_sprites(images);
  if (!set) return set.error();
  const int windows = static_cast<int>(std::size(kLooks)), needed = kBefore + windows * (labels + kTest);
  if (static_cast<int>((*set)->sprites.size()) < needed)
    return Error{ErrorCode::kInvalidArgument, images + ": has fewer than " + std::to_string(needed) + " pictures"};
  std::mt19937_64 random(seed);
  DriftStream stream{"fashion", (*set)->labels, empty(size), {}};
  std::size_t next = 0;
  const auto take = [&](LabelledCrops& crops, int count, const Look& look) {
    for (int i = 0; i < count; ++i, ++next)
      append(crops, seen_as(grey_picture(**set, (*set)->sprites[next]), look, random));
  };
  take(stream.before, kBefore, kLooks[0]);
  for (const Look& look : kLooks) {
    stream.windows.push_back({empty(size), empty(size)});
    take(stream.windows.back().train, labels, look);
    take(stream.windows.back().test, kTest, look);
  }
  return stream;
}

}  // namespace ekya::bench
