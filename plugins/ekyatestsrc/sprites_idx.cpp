// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "ekya/base/printable.h"
#include "ekyatestsrc/sprites.h"

// The IDX layout: 2 zero bytes, type (8: bytes), number of dimensions, then each dimension as a big-endian 32-bit
// number, then the bytes. Source: the MNIST data set's page.
namespace ekya::scene {
namespace {

struct Close {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzFile = std::unique_ptr<gzFile_s, Close>;

Error corrupt(const std::string& path, const std::string& why) {
  return {ErrorCode::kCorrupt, "'" + printable(path, 400) + "' is no usable IDX file: " + why};
}

Result<GzFile> open_gz(const std::string& path) {
  // Without O_NONBLOCK a FIFO would hold us for ever.
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return Error{ErrorCode::kNotFound, "cannot open '" + printable(path, 400) + "'"};
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(fd);
    return corrupt(path, "it is no regular file");
  }
  GzFile file(gzdopen(fd, "rb"));
  if (!file) {
    close(fd);
    return Error{ErrorCode::kResource, "no memory to read '" + printable(path, 400) + "'"};
  }
  return file;
}

bool read_all(gzFile file, std::span<std::uint8_t> out) {
  return gzread(file, out.data(), static_cast<unsigned>(out.size())) == static_cast<int>(out.size());
}

/// The dimensions that the header names.
Result<std::vector<std::uint32_t>> read_header(gzFile file, const std::string& path, int dimensions) {
  std::array<std::uint8_t, 4> word{};
  if (!read_all(file, word)) return corrupt(path, "it ends within the header");
  if (word[0] != 0 || word[1] != 0 || word[2] != 8 || word[3] != dimensions)
    return corrupt(path, "its header should start with 0 0 8 " + std::to_string(dimensions));
  std::vector<std::uint32_t> sizes;
  for (int i = 0; i < dimensions; ++i) {
    if (!read_all(file, word)) return corrupt(path, "it ends within the header");
    sizes.push_back(std::uint32_t{word[0]} << 24 | std::uint32_t{word[1]} << 16 | std::uint32_t{word[2]} << 8 |
                    word[3]);
  }
  return sizes;
}

Result<std::vector<std::uint8_t>> read_labels(const std::string& path, std::uint32_t images, std::size_t wanted) {
  auto file = open_gz(path);
  if (!file) return file.error();
  const auto sizes = read_header(file->get(), path, 1);
  if (!sizes) return sizes.error();
  if ((*sizes)[0] != images)
    return corrupt(path, "it has " + std::to_string((*sizes)[0]) + " labels for " + std::to_string(images) + " images");
  std::vector<std::uint8_t> labels(wanted);
  if (!read_all(file->get(), labels)) return corrupt(path, "it ends before the last label");
  return labels;
}

Result<std::string> labels_path(const std::string& images_path) {
  const std::string from = "images-idx3", to = "labels-idx1";
  const auto at = images_path.rfind(from);
  if (at == std::string::npos)
    return Error{ErrorCode::kInvalidArgument, "'" + printable(images_path, 400) +
                                                  "' has no 'images-idx3' in its name, so that its labels file, "
                                                  "'labels-idx1', cannot be found"};
  return std::string(images_path).replace(at, from.size(), to);
}

}  // namespace

Result<SpriteSet> load_idx(const std::string& images_path) {
  const auto labels_file = labels_path(images_path);
  if (!labels_file) return labels_file.error();
  auto file = open_gz(images_path);
  if (!file) return file.error();
  const auto sizes = read_header(file->get(), images_path, 3);
  if (!sizes) return sizes.error();
  const std::uint32_t count = (*sizes)[0], height = (*sizes)[1], width = (*sizes)[2];
  if (count == 0 || height == 0 || width == 0 || height > kLargestSprite || width > kLargestSprite)
    return corrupt(images_path, "it has " + std::to_string(count) + " images of " + std::to_string(width) + "x" +
                                    std::to_string(height) + "; 1 or more of at most 512x512 can be shown");
  constexpr std::size_t kMostBytes = 64 << 20;
  const std::size_t image = std::size_t{width} * height;
  const std::size_t used = std::min({std::size_t{count}, std::size_t{kMostSprites}, kMostBytes / image});

  SpriteSet set;
  set.channels = 1;
  set.pixels.resize(used * image);
  if (!read_all(file->get(), set.pixels)) return corrupt(images_path, "it ends before the last image");
  const auto labels = read_labels(*labels_file, count, used);
  if (!labels) return labels.error();
  const int classes = *std::max_element(labels->begin(), labels->end()) + 1;
  for (int i = 0; i < classes; ++i) set.labels.push_back(std::to_string(i));
  for (std::size_t i = 0; i < used; ++i)
    set.sprites.push_back({(*labels)[i], 0, static_cast<int>(width), static_cast<int>(height), i * image});
  return set;
}

}  // namespace ekya::scene
