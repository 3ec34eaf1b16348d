// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyaoverlay/painter.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "ekya/base/printable.h"

namespace ekya::gst::overlay {
namespace {

struct Rgb {
  double r, g, b;
};
// Told apart by most colour-blind people too. Source: Okabe and Ito, "Color universal design", 2008.
constexpr std::array<Rgb, 7> kPalette{{{0.90, 0.62, 0.00},
                                       {0.34, 0.71, 0.91},
                                       {0.00, 0.62, 0.45},
                                       {0.94, 0.89, 0.26},
                                       {0.00, 0.45, 0.70},
                                       {0.84, 0.37, 0.00},
                                       {0.80, 0.47, 0.65}}};
constexpr Rgb kUnknown{0.75, 0.75, 0.75};
constexpr double kDimmed = 0.45;

Rgb colour_of(const Mark& mark) {
  if (mark.text.empty()) return kUnknown;
  return kPalette[static_cast<unsigned>(mark.colour) % kPalette.size()];
}

double line_height(const Painting& painting) { return std::clamp(painting.height / 26.0, 9.0, 40.0); }

/// Text on a plate whose upper left corner is at (x, y).
void paint_text(cairo_t* cairo, const std::string& text, double x, double y, double height, Rgb plate, double opacity) {
  cairo_text_extents_t extents;
  cairo_set_font_size(cairo, height * 0.78);
  cairo_text_extents(cairo, text.c_str(), &extents);
  cairo_set_source_rgba(cairo, plate.r, plate.g, plate.b, 0.8 * opacity);
  cairo_rectangle(cairo, x, y, extents.x_advance + height * 0.5, height);
  cairo_fill(cairo);
  const double brightness = 0.3 * plate.r + 0.6 * plate.g + 0.1 * plate.b, ink = brightness > 0.4 ? 0 : 1;
  cairo_set_source_rgba(cairo, ink, ink, ink, opacity);
  cairo_move_to(cairo, x + height * 0.25, y + height * 0.78);
  cairo_show_text(cairo, text.c_str());
}

void paint_box(cairo_t* cairo, const Painting& painting, const Mark& mark) {
  const double thickness = std::max(1.0, painting.height / 200.0);
  const Rgb colour = colour_of(mark);
  cairo_set_source_rgba(cairo, colour.r, colour.g, colour.b, mark.carried ? kDimmed : 1.0);
  cairo_set_line_width(cairo, mark.text.empty() ? thickness * 0.6 : thickness);
  cairo_rectangle(cairo, mark.x + thickness / 2, mark.y + thickness / 2, std::max(0.0, mark.width - thickness),
                  std::max(0.0, mark.height - thickness));
  cairo_stroke(cairo);
}

// Above its box, or inside at the top where there is no room.
void paint_label(cairo_t* cairo, const Painting& painting, const Mark& mark, double top) {
  const double height = line_height(painting), above = mark.y - height;
  const double y = mark.whole_frame || above < 0 ? std::max(mark.y, top) : above;
  paint_text(cairo, mark.text, std::max(mark.x, 0.0), y, height, colour_of(mark), mark.carried ? kDimmed : 1.0);
}

}  // namespace

void paint(cairo_t* cairo, const Painting& painting) {
  cairo_select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  const double height = line_height(painting), below_lines = static_cast<double>(painting.lines.size()) * height;
  if (painting.boxes)
    for (const Mark& mark : painting.marks)
      if (!mark.whole_frame) paint_box(cairo, painting, mark);
  if (painting.labels)
    for (const Mark& mark : painting.marks)
      if (!mark.text.empty()) paint_label(cairo, painting, mark, mark.whole_frame ? below_lines : 0);
  double y = 0;
  for (const auto& line : painting.lines) {
    paint_text(cairo, line, 0, y, height, {0.08, 0.09, 0.12}, 1);
    y += height;
  }
}

std::string drawable(const char* text) {
  constexpr std::size_t kLongest = 100;
  if (!text) return "";
  const std::string_view view(text, strnlen(text, kLongest + 1));
  const bool plain = view.size() <= kLongest &&
                     g_utf8_validate(view.data(), static_cast<gssize>(view.size()), nullptr) &&
                     std::none_of(view.begin(), view.end(), [](char c) { return c >= 0 && (c < 32 || c == 127); });
  return plain ? std::string(view) : printable(view, kLongest);
}

}  // namespace ekya::gst::overlay
