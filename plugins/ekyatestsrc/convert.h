// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>

#include "ekyatestsrc/drawing.h"

namespace ekya::scene {

enum class OutputFormat { kBgrx, kRgbx, kRgb, kNv12, kI420 };

/// A frame in somebody else's memory, large enough for the canvas.
struct OutputFrame {
  OutputFormat format = OutputFormat::kBgrx;
  std::array<std::uint8_t*, 3> plane{};
  std::array<int, 3> stride{};  ///< Bytes from row to row.
  bool bt709 = false;           ///< YUV matrix: BT.709, else BT.601. Limited range.
};

void write(const Canvas& canvas, const OutputFrame& out);

}  // namespace ekya::scene
