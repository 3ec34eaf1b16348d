// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

#include "ekya/base/file_ops.h"
#include "ekya/base/printable.h"
#include "ekyatestsrc/sprites.h"

namespace ekya::scene {
namespace {

constexpr std::size_t kMostIndexBytes = 16 << 20, kMostBytes = 64 << 20;
constexpr std::size_t kMostFileBytes = std::size_t{kLargestSprite} * kLargestSprite * 3 + 1024;
constexpr int kMostWindows = 1000;
constexpr std::size_t kMostLabels = 4096, kLongestLabel = 128;

Error at_line(const std::string& file, int line, const std::string& why) {
  return {ErrorCode::kCorrupt, "'" + printable(file, 400) + "' line " + std::to_string(line) + ": " + why};
}

std::vector<std::string_view> split(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::vector<std::string_view> cells;
  for (;;) {
    const auto comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

std::optional<int> to_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A file below the folder: a row must not lead elsewhere.
bool stays_inside(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return false;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (path.substr(0, slash) == "..") return false;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return true;
}

/// The next word of a PPM header; # starts a comment up to the line's end.
std::string_view header_word(std::string_view& rest) {
  for (;;) {
    const auto begin = rest.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    rest.remove_prefix(begin);
    if (rest.front() != '#') break;
    const auto line_end = rest.find('\n');
    if (line_end == std::string_view::npos) return {};
    rest.remove_prefix(line_end);
  }
  const auto length = std::min(rest.find_first_of(" \t\r\n"), rest.size());
  const auto word = rest.substr(0, length);
  rest.remove_prefix(std::min(length, rest.size()));
  return word;
}

/// Appends the picture's pixels to the set.
Result<SpriteSet::Sprite> read_ppm(const std::string& path, SpriteSet& set) {
  const auto bytes = FileOps::system().read(path, kMostFileBytes);
  if (!bytes) return bytes.error();
  std::string_view rest(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const bool binary = header_word(rest) == "P6";
  const auto width = to_number(header_word(rest)), height = to_number(header_word(rest));
  const auto deepest = to_number(header_word(rest));
  const auto usable = [](std::optional<int> n) { return n && *n >= 1 && *n <= kLargestSprite; };
  if (!binary || !usable(width) || !usable(height) || deepest != 255 || rest.empty())
    return Error{ErrorCode::kCorrupt,
                 "'" + printable(path, 400) + "' is no binary PPM (P6, 8 bits) of at most 512x512 pixels"};
  rest.remove_prefix(1);
  SpriteSet::Sprite sprite{0, 0, *width, *height, set.pixels.size()};
  const std::size_t needed = static_cast<std::size_t>(*width) * *height * 3;
  if (rest.size() < needed)
    return Error{ErrorCode::kCorrupt, "'" + printable(path, 400) + "' has " + std::to_string(rest.size()) +
                                          " bytes of pixels where " + std::to_string(needed) + " are needed"};
  set.pixels.insert(set.pixels.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(needed));
  return sprite;
}

struct Row {
  std::string file, label;
  int window = 0, line = 0;
};

struct Columns {
  std::size_t file = 0, label = 0, count = 0;
  std::optional<std::size_t> window;
};

Result<Columns> read_columns(std::string_view line, const std::string& path) {
  const auto names = split(line);
  const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) return std::nullopt;
    return static_cast<std::size_t>(at - names.begin());
  };
  const auto file = find("file"), label = find("class");
  if (!file || !label) return at_line(path, 1, "the columns 'file' and 'class' are needed");
  return Columns{*file, *label, names.size(), find("window")};
}

Result<Row> read_row(std::string_view text, const Columns& columns, const std::string& path, int line) {
  const auto cells = split(text);
  if (cells.size() != columns.count)
    return at_line(
        path, line,
        "has " + std::to_string(cells.size()) + " cells, the first line has " + std::to_string(columns.count));
  Row row{std::string(cells[columns.file]), std::string(cells[columns.label]), 0, line};
  if (!stays_inside(row.file)) return at_line(path, line, "'" + printable(row.file) + "' is no path inside the folder");
  if (row.label.empty() || row.label.size() > kLongestLabel || printable(row.label, kLongestLabel) != row.label)
    return at_line(path, line, "class '" + printable(row.label) + "' is no printable name of 1 to 128 bytes");
  if (columns.window) {
    const auto window = to_number(cells[*columns.window]);
    if (!window || *window < 0 || *window >= kMostWindows)
      return at_line(path, line, "window '" + printable(cells[*columns.window]) + "' is no number from 0 to 999");
    row.window = *window;
  }
  return row;
}

Result<std::vector<Row>> read_index(const std::string& path) {
  const auto bytes = FileOps::system().read(path, kMostIndexBytes);
  if (!bytes) return bytes.error();
  std::string_view rest(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  std::optional<Columns> columns;
  std::vector<Row> rows;
  for (int line = 1; !rest.empty() && rows.size() < kMostSprites; ++line) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!columns) {
      const auto found = read_columns(text, path);
      if (!found) return found.error();
      columns = *found;
    } else if (!text.empty() && text != "\r") {
      auto row = read_row(text, *columns, path, line);
      if (!row) return row.error();
      rows.push_back(*std::move(row));
    }
  }
  if (rows.empty()) return Error{ErrorCode::kCorrupt, "'" + printable(path, 400) + "' lists no picture"};
  return rows;
}

}  // namespace

Result<SpriteSet> load_sprite_folder(const std::string& folder) {
  const std::string index = folder + "/index.csv";
  const auto rows = read_index(index);
  if (!rows) return rows.error();
  std::map<std::string, int> classes;
  for (const Row& row : *rows) classes.emplace(row.label, 0);
  if (classes.size() > kMostLabels)
    return Error{ErrorCode::kCorrupt, "'" + printable(index, 400) + "' has more than 4096 classes"};

  SpriteSet set;
  for (auto& [name, number] : classes) {
    number = static_cast<int>(set.labels.size());
    set.labels.push_back(name);
  }
  for (const Row& row : *rows) {
    auto sprite = read_ppm(folder + "/" + row.file, set);
    if (!sprite) return at_line(index, row.line, sprite.error().message);
    if (set.pixels.size() > kMostBytes) return at_line(index, row.line, "the pictures up to here have more than 64 MB");
    sprite->label = classes[row.label], sprite->window = row.window;
    set.windows = std::max(set.windows, row.window + 1);
    set.sprites.push_back(*sprite);
  }
  return set;
}

}  // namespace ekya::scene
