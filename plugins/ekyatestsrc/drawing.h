// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <vector>

// Anti-aliased flat shapes on a picture in memory: all that the test camera draws with.
namespace ekya::scene {

struct Point {
  double x = 0, y = 0;
};

struct Color {
  std::uint8_t r = 0, g = 0, b = 0, a = 255;  ///< a: opacity.
};

Color shade(Color color, double factor);             ///< Darker (< 1) or lighter (> 1), clamped.
Color blend(Color from, Color to, double fraction);  ///< fraction in [0, 1].
Color faded(Color color, double opacity);            ///< opacity in [0, 1] times its own.

/// x' = xx x + xy y + x0, y' = yx x + yy y + y0.
struct Affine {
  double xx = 1, xy = 0, yx = 0, yy = 1, x0 = 0, y0 = 0;
  Point operator()(Point p) const { return {xx * p.x + xy * p.y + x0, yx * p.x + yy * p.y + y0}; }
};
/// First `inner`, then `outer`.
Affine chain(const Affine& outer, const Affine& inner);

/// Axis-parallel box; empty until a point is included.
struct Box {
  double x1 = std::numeric_limits<double>::infinity(), y1 = std::numeric_limits<double>::infinity();
  double x2 = -std::numeric_limits<double>::infinity(), y2 = -std::numeric_limits<double>::infinity();
  double width() const { return x2 > x1 ? x2 - x1 : 0; }
  double height() const { return y2 > y1 ? y2 - y1 : 0; }
  double area() const { return width() * height(); }
  void include(Point p);
};
Box intersection(const Box& a, const Box& b);

/// A picture of 4 bytes a pixel, in the order B, G, R, unused; rows lie without gaps. Not thread-safe.
class Canvas {
 public:
  static constexpr int kChannels = 4;

  Canvas() = default;
  Canvas(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }
  int stride() const { return width_ * kChannels; }
  std::uint8_t* row(int y) { return pixels_.data() + static_cast<std::size_t>(y) * stride(); }
  const std::uint8_t* row(int y) const { return pixels_.data() + static_cast<std::size_t>(y) * stride(); }
  std::vector<std::uint8_t>& pixels() { return pixels_; }
  const std::vector<std::uint8_t>& pixels() const { return pixels_; }

  /// Fills closed contours; contours that turn the other way cut holes. Parts outside the picture are cut off.
  /// Cost: the area of the contours' bounding box inside the picture.
  /// Source of the method: signed area accumulation, R. Levien's font-rs.
  void fill(std::span<const std::vector<Point>> contours, Color color);

  /// Adds light: an ellipse that is brightest in its middle and fades to nothing at its edge.
  void add_glow(Point centre, double radius_x, double radius_y, Color color) {
    shine<false>(centre, radius_x, radius_y, color);
  }

  /// The same on what is lit: brightens what is there, up to five times, in the light's colour.
  void light_up(Point centre, double radius_x, double radius_y, Color color) {
    shine<true>(centre, radius_x, radius_y, color);
  }

 private:
  template <bool kReflected>
  void shine(Point centre, double radius_x, double radius_y, Color color);
  void accumulate(Point from, Point to, int left, int top, int columns, int rows);
  void blend_coverage(int left, int top, int columns, int rows, Color color);

  int width_ = 0, height_ = 0;
  std::vector<std::uint8_t> pixels_;
  std::vector<float> coverage_;
};

/// Draws in its own coordinates, which `to_canvas` takes to pixels, and remembers the box of all that it drew.
class Pen {
 public:
  Pen(Canvas& canvas, const Affine& to_canvas) : canvas_(&canvas), to_canvas_(to_canvas) {}

  const Box& extent() const { return extent_; }  ///< In pixels.
  Point to_canvas(Point p) const { return to_canvas_(p); }

  void polygon(std::initializer_list<Point> points, Color color) {
    polygon(std::span<const Point>(points.begin(), points.size()), color);
  }
  void polygon(std::span<const Point> points, Color color);
  void rect(double x, double y, double width, double height, Color color);
  void round_rect(double x, double y, double width, double height, double radius, Color color);
  void ellipse(Point centre, double radius_x, double radius_y, Color color);
  void ring(Point centre, double radius, double thickness, Color color);
  void line(Point from, Point to, double thickness, Color color);

 private:
  std::vector<Point> placed(std::span<const Point> points);

  Canvas* canvas_;
  Affine to_canvas_;
  Box extent_;
};

}  // namespace ekya::scene
