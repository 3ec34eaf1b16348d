// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/device/preprocess.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace ekya::device {
namespace {

struct PlaneShape {
  std::size_t row_bytes = 0, rows = 0;
};

std::size_t half_up(int pixels) { return (static_cast<std::size_t>(pixels) + 1) / 2; }

/// Planes of an image, unused ones with 0 rows.
std::array<PlaneShape, 3> plane_shapes(const ImageView& image) {
  const auto width = static_cast<std::size_t>(image.width);
  const auto height = static_cast<std::size_t>(image.height);
  switch (image.format) {
    case PixelFormat::kRgb:
    case PixelFormat::kBgr:
      return {{{3 * width, height}, {}, {}}};
    case PixelFormat::kRgbx:
    case PixelFormat::kBgrx:
    case PixelFormat::kXrgb:
    case PixelFormat::kXbgr:
      return {{{4 * width, height}, {}, {}}};
    case PixelFormat::kNv12:
      return {{{width, height}, {2 * half_up(image.width), half_up(image.height)}, {}}};
    case PixelFormat::kI420:
      return {{{width, height},
               {half_up(image.width), half_up(image.height)},
               {half_up(image.width), half_up(image.height)}}};
    case PixelFormat::kGray8:
      return {{{width, height}, {}, {}}};
  }
  return {};
}

Error bad_plane(std::size_t plane, const std::string& text) {
  return Error{ErrorCode::kInvalidArgument, "plane " + std::to_string(plane) + " of the image " + text};
}

/// Columns [x, x + width) of the image as RGB bytes.
struct Columns {
  int x = 0, width = 0;
};

const std::uint8_t* row_of(const ImageView& image, int plane, int y) {
  return image.plane[plane] + static_cast<std::size_t>(y) * static_cast<std::size_t>(image.stride[plane]);
}

template <int kPixelBytes, int kRed, int kGreen, int kBlue>
void read_packed(const ImageView& image, Columns columns, int y, std::uint8_t* rgb) {
  const std::uint8_t* from = row_of(image, 0, y) + static_cast<std::size_t>(columns.x) * kPixelBytes;
  for (int i = 0; i < columns.width; ++i, from += kPixelBytes, rgb += 3) {
    rgb[0] = from[kRed];
    rgb[1] = from[kGreen];
    rgb[2] = from[kBlue];
  }
}

void read_gray(const ImageView& image, Columns columns, int y, std::uint8_t* rgb) {
  const std::uint8_t* from = row_of(image, 0, y) + columns.x;
  for (int i = 0; i < columns.width; ++i, rgb += 3) std::fill_n(rgb, 3, from[i]);
}

/// YUV to RGB in fixed point, 16 fractional bits.
struct YuvMatrix {
  int offset, luma, red_v, green_u, green_v, blue_u;
};

YuvMatrix yuv_matrix(const ImageView& image) {
  const double kr = image.bt709 ? 0.2126 : 0.299, kb = image.bt709 ? 0.0722 : 0.114;
  const double kg = 1 - kr - kb;
  const double luma = image.full_range ? 1.0 : 255.0 / 219, chroma = image.full_range ? 1.0 : 255.0 / 224;
  const auto fixed = [](double value) { return static_cast<int>(std::lround(value * 65536)); };
  return {image.full_range ? 0 : 16,
          fixed(luma),
          fixed(chroma * 2 * (1 - kr)),
          fixed(chroma * 2 * (1 - kb) * kb / kg),
          fixed(chroma * 2 * (1 - kr) * kr / kg),
          fixed(chroma * 2 * (1 - kb))};
}

std::uint8_t clamp_fixed(int value) { return static_cast<std::uint8_t>(std::clamp((value + 32768) >> 16, 0, 255)); }

/// kStep: bytes from one chroma sample to the next (2 in NV12, 1 in I420).
template <int kStep>
void read_yuv(const ImageView& image, const YuvMatrix& m, Columns columns, int y, std::uint8_t* rgb) {
  const std::uint8_t* luma = row_of(image, 0, y);
  const std::uint8_t* u_row = row_of(image, 1, y / 2);
  const std::uint8_t* v_row = kStep == 2 ? u_row + 1 : row_of(image, 2, y / 2);
  for (int x = columns.x; x < columns.x + columns.width; ++x, rgb += 3) {
    const int c = (luma[x] - m.offset) * m.luma;
    const int u = u_row[x / 2 * kStep] - 128, v = v_row[x / 2 * kStep] - 128;
    rgb[0] = clamp_fixed(c + m.red_v * v);
    rgb[1] = clamp_fixed(c - m.green_u * u - m.green_v * v);
    rgb[2] = clamp_fixed(c + m.blue_u * u);
  }
}

void read_row(const ImageView& image, const YuvMatrix& matrix, Columns columns, int y, std::uint8_t* rgb) {
  switch (image.format) {
    case PixelFormat::kRgb:
      return read_packed<3, 0, 1, 2>(image, columns, y, rgb);
    case PixelFormat::kBgr:
      return read_packed<3, 2, 1, 0>(image, columns, y, rgb);
    case PixelFormat::kRgbx:
      return read_packed<4, 0, 1, 2>(image, columns, y, rgb);
    case PixelFormat::kBgrx:
      return read_packed<4, 2, 1, 0>(image, columns, y, rgb);
    case PixelFormat::kXrgb:
      return read_packed<4, 1, 2, 3>(image, columns, y, rgb);
    case PixelFormat::kXbgr:
      return read_packed<4, 3, 2, 1>(image, columns, y, rgb);
    case PixelFormat::kNv12:
      return read_yuv<2>(image, matrix, columns, y, rgb);
    case PixelFormat::kI420:
      return read_yuv<1>(image, matrix, columns, y, rgb);
    case PixelFormat::kGray8:
      return read_gray(image, columns, y, rgb);
  }
}

/// The source samples of each result sample on one axis, as a sparse matrix: result i is the sum over k of
/// weights[begin[i] + k] * source[first[i] + k]. Weights of a result sum to 1.
struct Taps {
  std::vector<int> first;      ///< [results]
  std::vector<int> begin;      ///< [results + 1]
  std::vector<float> weights;  ///< [begin.back()]
};

void add_bilinear(Taps& taps, double centre, int source) {
  const double at = std::clamp(centre - 0.5, 0.0, source - 1.0);
  const int low = static_cast<int>(at);
  const auto fraction = static_cast<float>(at - low);
  taps.first.push_back(low);
  taps.weights.push_back(1 - fraction);
  if (fraction > 0) taps.weights.push_back(fraction);
}

void add_average(Taps& taps, double from, double to, int source) {
  const int low = std::clamp(static_cast<int>(from), 0, source - 1);
  const int high = std::clamp(static_cast<int>(std::ceil(to)), low + 1, source);
  taps.first.push_back(low);
  for (int k = low; k < high; ++k)
    taps.weights.push_back(static_cast<float>((std::min(to, k + 1.0) - std::max(from, double(k))) / (to - from)));
}

Taps make_taps(int source, int result) {
  Taps taps;
  const double scale = static_cast<double>(source) / result;
  for (int i = 0; i < result; ++i) {
    taps.begin.push_back(static_cast<int>(taps.weights.size()));
    if (scale > 2)
      add_average(taps, i * scale, (i + 1) * scale, source);
    else
      add_bilinear(taps, (i + 0.5) * scale, source);
  }
  taps.begin.push_back(static_cast<int>(taps.weights.size()));
  return taps;
}

/// Source rows, resampled along x; the last two are kept, as neighbouring result rows share source rows.
class RowReader {
 public:
  RowReader(const ImageView& image, const Rect& rect, int width)
      : image_(image),
        rect_(rect),
        matrix_(yuv_matrix(image)),
        taps_(make_taps(rect.width, width)),
        rgb_(3 * static_cast<std::size_t>(rect.width)) {
    for (auto& row : rows_) row.resize(3 * static_cast<std::size_t>(width));
  }

  /// Row y of the rectangle: [width, 3].
  const std::vector<float>& row(int y) {
    auto& row = rows_[y % 2];
    if (held_[y % 2] == y) return row;
    held_[y % 2] = y;
    read_row(image_, matrix_, {rect_.x, rect_.width}, rect_.y + y, rgb_.data());
    resample(row.data());
    return row;
  }

 private:
  void resample(float* out) const {
    for (std::size_t i = 0; i < taps_.first.size(); ++i, out += 3) {
      const std::uint8_t* from = rgb_.data() + 3 * static_cast<std::size_t>(taps_.first[i]);
      float red = 0, green = 0, blue = 0;
      for (int k = taps_.begin[i]; k < taps_.begin[i + 1]; ++k, from += 3) {
        red += taps_.weights[k] * from[0];
        green += taps_.weights[k] * from[1];
        blue += taps_.weights[k] * from[2];
      }
      out[0] = red, out[1] = green, out[2] = blue;
    }
  }

  const ImageView& image_;
  const Rect rect_;
  const YuvMatrix matrix_;
  const Taps taps_;
  std::vector<std::uint8_t> rgb_;
  std::array<std::vector<float>, 2> rows_;
  std::array<int, 2> held_{-1, -1};
};

/// The part of `rect` inside the image; 64 bits, as x + width may pass an int.
Rect clip(const Rect& rect, const ImageView& image) {
  const auto cut = [](std::int64_t at, int end) { return static_cast<int>(std::clamp<std::int64_t>(at, 0, end)); };
  const int left = cut(rect.x, image.width), top = cut(rect.y, image.height);
  const int right = cut(std::int64_t{rect.x} + rect.width, image.width);
  const int bottom = cut(std::int64_t{rect.y} + rect.height, image.height);
  return {left, top, right - left, bottom - top};
}

}  // namespace

Status check(const ImageView& image) {
  if (image.width < 1 || image.height < 1)
    return Error{ErrorCode::kInvalidArgument, "the image is " + std::to_string(image.width) + "x" +
                                                  std::to_string(image.height) + "; it needs at least one pixel"};
  const auto shapes = plane_shapes(image);
  for (std::size_t i = 0; i < shapes.size() && shapes[i].rows > 0; ++i) {
    const auto [row_bytes, rows] = shapes[i];
    if (!image.plane[i]) return bad_plane(i, "is missing");
    if (image.stride[i] < 0 || static_cast<std::size_t>(image.stride[i]) < row_bytes)
      return bad_plane(
          i, "has a stride of " + std::to_string(image.stride[i]) + " bytes; a row needs " + std::to_string(row_bytes));
    const std::size_t needed = static_cast<std::size_t>(image.stride[i]) * (rows - 1) + row_bytes;
    if (image.size[i] < needed)
      return bad_plane(i, "has " + std::to_string(image.size[i]) + " bytes; it needs " + std::to_string(needed));
  }
  return {};
}

Status crop_resize(const ImageView& image, const Rect& rect, int width, int height, std::span<std::uint8_t> out) {
  const Rect inside = clip(rect, image);
  if (inside.width <= 0 || inside.height <= 0)
    return Error{ErrorCode::kInvalidArgument, "the region has no pixel inside the image"};
  if (width < 1 || height < 1 || out.size() != std::size_t{3} * width * height)
    return Error{ErrorCode::kInvalidArgument, "the result has " + std::to_string(out.size()) + " bytes; " +
                                                  std::to_string(width) + "x" + std::to_string(height) +
                                                  " RGB pixels were asked for"};
  RowReader reader(image, inside, width);
  const Taps taps = make_taps(inside.height, height);
  std::vector<float> sum(3 * static_cast<std::size_t>(width));
  for (int y = 0; y < height; ++y) {
    std::fill(sum.begin(), sum.end(), 0.5f);  // rounds to nearest
    for (int k = taps.begin[y]; k < taps.begin[y + 1]; ++k) {
      const float weight = taps.weights[k];
      const auto& row = reader.row(taps.first[y] + k - taps.begin[y]);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * row[i];
    }
    std::uint8_t* to = out.data() + y * sum.size();
    for (std::size_t i = 0; i < sum.size(); ++i) to[i] = static_cast<std::uint8_t>(std::min(sum[i], 255.0f));
  }
  return {};
}

void normalise(std::span<const std::uint8_t> rgb, int width, int height, const Normalisation& normalisation,
               std::span<float> out) {
  const std::size_t pixels = static_cast<std::size_t>(width) * height;
  for (std::size_t c = 0; c < 3; ++c) {
    const float scale = 1 / (255 * normalisation.std[c]);
    const float offset = -normalisation.mean[c] / normalisation.std[c];
    float* to = out.data() + c * pixels;
    for (std::size_t i = 0; i < pixels; ++i) to[i] = rgb[3 * i + c] * scale + offset;
  }
}

}  // namespace ekya::device
