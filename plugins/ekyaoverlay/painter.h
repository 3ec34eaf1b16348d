// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cairo.h>

#include <string>
#include <vector>

namespace ekya::gst::overlay {

/// One region of interest as it is to be seen.
struct Mark {
  double x = 0, y = 0, width = 0, height = 0;  ///< Pixels; may reach out of the picture.
  std::string text;                            ///< Class and confidence; empty: nobody has said anything of it yet.
  int colour = 0;                              ///< Index of a class; any number.
  bool carried = false;                        ///< Not computed on this frame: dimmed.
  bool whole_frame = false;                    ///< No box, only the text.
};

struct Painting {
  int width = 0, height = 0;  ///< Of the picture, in pixels.
  bool boxes = true, labels = true;
  std::vector<Mark> marks;
  std::vector<std::string> lines;  ///< Top left, one below the other.
};

/// Draws on a picture; what is outside of boxes and texts stays as it is. Text must be valid UTF-8.
void paint(cairo_t* cairo, const Painting& painting);

/// Text that cairo takes: as it is when it is valid UTF-8 without control characters, else made printable; at most 100
/// bytes of it.
std::string drawable(const char* text);

}  // namespace ekya::gst::overlay
