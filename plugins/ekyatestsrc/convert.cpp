// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/convert.h"

#include <algorithm>
#include <cstring>

namespace ekya::scene {
namespace {

/// Rows Y, U, V over R, G, B, in 1/256, for bytes and limited range.
struct Matrix {
  std::array<int, 3> y, u, v;
};
constexpr Matrix kBt601{{66, 129, 25}, {-38, -74, 112}, {112, -94, -18}};
constexpr Matrix kBt709{{47, 157, 16}, {-26, -86, 112}, {112, -102, -10}};

std::uint8_t luma(const Matrix& m, const std::uint8_t* bgr) {
  return static_cast<std::uint8_t>(((m.y[0] * bgr[2] + m.y[1] * bgr[1] + m.y[2] * bgr[0] + 128) >> 8) + 16);
}

std::uint8_t chroma(const std::array<int, 3>& row, int r, int g, int b) {
  return static_cast<std::uint8_t>(((row[0] * r + row[1] * g + row[2] * b + 128) >> 8) + 128);
}

void write_yuv(const Canvas& canvas, const OutputFrame& out) {
  const Matrix& m = out.bt709 ? kBt709 : kBt601;
  const int width = canvas.width(), height = canvas.height();
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* in = canvas.row(y);
    std::uint8_t* to = out.plane[0] + static_cast<std::ptrdiff_t>(y) * out.stride[0];
    for (int x = 0; x < width; ++x) to[x] = luma(m, in + 4 * x);
  }
  const bool planar = out.format == OutputFormat::kI420;
  for (int y = 0; y < height; y += 2) {
    const std::uint8_t* upper = canvas.row(y);
    const std::uint8_t* lower = canvas.row(std::min(y + 1, height - 1));
    std::uint8_t* u = out.plane[1] + static_cast<std::ptrdiff_t>(y / 2) * out.stride[1];
    std::uint8_t* v = planar ? out.plane[2] + static_cast<std::ptrdiff_t>(y / 2) * out.stride[2] : u + 1;
    for (int x = 0; x < width; x += 2) {
      const int left = 4 * x, right = 4 * std::min(x + 1, width - 1), at = planar ? x / 2 : x;
      const auto mean = [&](int c) {
        return (upper[left + c] + upper[right + c] + lower[left + c] + lower[right + c] + 2) >> 2;
      };
      const int r = mean(2), g = mean(1), b = mean(0);
      u[at] = chroma(m.u, r, g, b);
      v[at] = chroma(m.v, r, g, b);
    }
  }
}

void write_rgb_row(const std::uint8_t* in, std::uint8_t* to, int width, int channels) {
  for (int x = 0; x < width; ++x, in += 4, to += channels) {
    to[0] = in[2], to[1] = in[1], to[2] = in[0];
    if (channels == 4) to[3] = in[3];
  }
}

}  // namespace

void write(const Canvas& canvas, const OutputFrame& out) {
  if (out.format == OutputFormat::kNv12 || out.format == OutputFormat::kI420) return write_yuv(canvas, out);
  for (int y = 0; y < canvas.height(); ++y) {
    std::uint8_t* to = out.plane[0] + static_cast<std::ptrdiff_t>(y) * out.stride[0];
    if (out.format == OutputFormat::kBgrx)
      std::memcpy(to, canvas.row(y), static_cast<std::size_t>(canvas.stride()));
    else
      write_rgb_row(canvas.row(y), to, canvas.width(), out.format == OutputFormat::kRgb ? 3 : 4);
  }
}

}  // namespace ekya::scene
