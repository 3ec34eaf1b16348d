// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/drawing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace ekya::scene {
namespace {

std::uint8_t to_byte(double value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)); }

/// Points around an ellipse; `turn` -1 goes round the other way.
std::vector<Point> ellipse_points(Point centre, double radius_x, double radius_y, double turn = 1) {
  constexpr int kPoints = 20;
  std::vector<Point> points;
  points.reserve(kPoints);
  for (int i = 0; i < kPoints; ++i) {
    const double angle = turn * 2 * std::numbers::pi * i / kPoints;
    points.push_back({centre.x + radius_x * std::cos(angle), centre.y + radius_y * std::sin(angle)});
  }
  return points;
}

}  // namespace

Color shade(Color c, double factor) {
  return {to_byte(c.r * factor), to_byte(c.g * factor), to_byte(c.b * factor), c.a};
}

Color blend(Color from, Color to, double f) {
  return {to_byte(from.r + (to.r - from.r) * f), to_byte(from.g + (to.g - from.g) * f),
          to_byte(from.b + (to.b - from.b) * f), to_byte(from.a + (to.a - from.a) * f)};
}

Color faded(Color c, double opacity) { return {c.r, c.g, c.b, to_byte(c.a * opacity)}; }

Affine chain(const Affine& o, const Affine& i) {
  const Point origin = o({i.x0, i.y0});
  return {o.xx * i.xx + o.xy * i.yx,
          o.xx * i.xy + o.xy * i.yy,
          o.yx * i.xx + o.yy * i.yx,
          o.yx * i.xy + o.yy * i.yy,
          origin.x,
          origin.y};
}

void Box::include(Point p) {
  x1 = std::min(x1, p.x), y1 = std::min(y1, p.y);
  x2 = std::max(x2, p.x), y2 = std::max(y2, p.y);
}

Box intersection(const Box& a, const Box& b) {
  return {std::max(a.x1, b.x1), std::max(a.y1, b.y1), std::min(a.x2, b.x2), std::min(a.y2, b.y2)};
}

Canvas::Canvas(int width, int height)
    : width_(width), height_(height), pixels_(static_cast<std::size_t>(width) * height * kChannels, 255) {}

void Canvas::fill(std::span<const std::vector<Point>> contours, Color color) {
  Box box;
  for (const auto& contour : contours)
    for (Point p : contour) box.include(p);
  box = intersection(box, {0, 0, static_cast<double>(width_), static_cast<double>(height_)});
  if (box.area() <= 0) return;
  const int left = static_cast<int>(box.x1), top = static_cast<int>(box.y1);
  const int columns = static_cast<int>(std::ceil(box.x2)) - left, rows = static_cast<int>(std::ceil(box.y2)) - top;
  coverage_.assign(static_cast<std::size_t>(columns + 2) * rows, 0.0f);
  for (const auto& contour : contours)
    for (std::size_t i = 0; i < contour.size(); ++i)
      accumulate(contour[i], contour[(i + 1) % contour.size()], left, top, columns, rows);
  blend_coverage(left, top, columns, rows, color);
}

// Each edge leaves in each row that it crosses the change of coverage from column to column; the running sum over a row
// is then the coverage of its pixels.
void Canvas::accumulate(Point from, Point to, int left, int top, int columns, int rows) {
  const float direction = from.y < to.y ? 1.0f : -1.0f;
  if (from.y > to.y) std::swap(from, to);
  const double y1 = from.y - top, y2 = std::min<double>(to.y - top, rows);
  if (y2 <= y1 || y2 <= 0) return;
  const double slope = (to.x - from.x) / (to.y - from.y);
  const auto x_at = [&](double y) { return std::clamp(from.x - left + (y - y1) * slope, 0.0, double(columns)); };
  for (int row = std::max(0, static_cast<int>(y1)); row < y2; ++row) {
    const double begin = std::max<double>(row, y1), end = std::min<double>(row + 1, y2);
    auto [x1, x2] = std::minmax({x_at(begin), x_at(end)});
    const float height = direction * static_cast<float>(end - begin);
    float* out = coverage_.data() + static_cast<std::size_t>(row) * (columns + 2);
    const int first = static_cast<int>(x1), last = static_cast<int>(x2);
    if (first == last) {
      const float right = static_cast<float>(0.5 * (x1 + x2) - first);
      out[first] += height * (1 - right);
      out[first + 1] += height * right;
      continue;
    }
    // The part of the edge in each column, and half of it inside the column itself.
    const double per_column = 1.0 / (x2 - x1);
    for (int column = first; column <= last; ++column) {
      const double a = std::max<double>(column, x1), b = std::min<double>(column + 1, x2);
      const float part = height * static_cast<float>((b - a) * per_column);
      const float right = static_cast<float>(0.5 * (a + b) - column);
      out[column] += part * (1 - right);
      out[column + 1] += part * right;
    }
  }
}

void Canvas::blend_coverage(int left, int top, int columns, int rows, Color color) {
  const float opacity = static_cast<float>(color.a) * (256.0f / 255.0f);
  for (int y = 0; y < rows; ++y) {
    const float* change = coverage_.data() + static_cast<std::size_t>(y) * (columns + 2);
    std::uint8_t* pixel = row(top + y) + static_cast<std::size_t>(left) * kChannels;
    float sum = 0;
    for (int x = 0; x < columns; ++x, pixel += kChannels) {
      sum += change[x];
      const int alpha = static_cast<int>(std::min(std::fabs(sum), 1.0f) * opacity + 0.5f);
      if (alpha == 0) continue;
      pixel[0] = static_cast<std::uint8_t>(pixel[0] + (((color.b - pixel[0]) * alpha) >> 8));
      pixel[1] = static_cast<std::uint8_t>(pixel[1] + (((color.g - pixel[1]) * alpha) >> 8));
      pixel[2] = static_cast<std::uint8_t>(pixel[2] + (((color.r - pixel[2]) * alpha) >> 8));
    }
  }
}

template <bool kReflected>
void Canvas::shine(Point centre, double radius_x, double radius_y, Color color) {
  constexpr int kReflection = 4;
  const int top = std::max(0, static_cast<int>(std::floor(centre.y - radius_y)));
  const int bottom = std::min(height_, static_cast<int>(std::ceil(centre.y + radius_y)));
  const float opacity = static_cast<float>(color.a) / 255.0f;
  for (int y = top; y < bottom; ++y) {
    const double dy = (y + 0.5 - centre.y) / radius_y, half = radius_x * std::sqrt(std::max(0.0, 1 - dy * dy));
    const int left = std::max(0, static_cast<int>(centre.x - half));
    const int right = std::min(width_, static_cast<int>(centre.x + half) + 1);
    std::uint8_t* pixel = row(y) + static_cast<std::ptrdiff_t>(left) * kChannels;
    for (int x = left; x < right; ++x, pixel += kChannels) {
      const auto dx = static_cast<float>((x + 0.5 - centre.x) / radius_x);
      const float rest = std::max(0.0f, 1 - dx * dx - static_cast<float>(dy * dy));
      const int light = static_cast<int>(rest * rest * opacity * 256);
      const auto lit = [&](int value, int lamp) {
        const int added = kReflected ? (value * kReflection * lamp >> 8) * light >> 8 : lamp * light >> 8;
        return static_cast<std::uint8_t>(std::min(255, value + added));
      };
      pixel[0] = lit(pixel[0], color.b), pixel[1] = lit(pixel[1], color.g), pixel[2] = lit(pixel[2], color.r);
    }
  }
}

template void Canvas::shine<false>(Point, double, double, Color);
template void Canvas::shine<true>(Point, double, double, Color);

std::vector<Point> Pen::placed(std::span<const Point> points) {
  std::vector<Point> out;
  out.reserve(points.size());
  for (Point p : points) {
    out.push_back(to_canvas_(p));
    extent_.include(out.back());
  }
  return out;
}

void Pen::polygon(std::span<const Point> points, Color color) {
  const std::array contours{placed(points)};
  canvas_->fill(contours, color);
}

void Pen::rect(double x, double y, double width, double height, Color color) {
  polygon({{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}}, color);
}

void Pen::round_rect(double x, double y, double width, double height, double radius, Color color) {
  radius = std::min({radius, width / 2, height / 2});
  const std::array<Point, 4> centres{{{x + width - radius, y + height - radius},
                                      {x + radius, y + height - radius},
                                      {x + radius, y + radius},
                                      {x + width - radius, y + radius}}};
  std::vector<Point> points;
  for (int corner = 0; corner < 4; ++corner)
    for (int step = 0; step <= 3; ++step) {
      const double angle = (corner + step / 3.0) * std::numbers::pi / 2;
      points.push_back({centres[corner].x + radius * std::cos(angle), centres[corner].y + radius * std::sin(angle)});
    }
  polygon(points, color);
}

void Pen::ellipse(Point centre, double radius_x, double radius_y, Color color) {
  polygon(ellipse_points(centre, radius_x, radius_y), color);
}

void Pen::ring(Point centre, double radius, double thickness, Color color) {
  const double inside = radius - thickness;
  const std::array contours{placed(ellipse_points(centre, radius, radius)),
                            placed(ellipse_points(centre, inside, inside, -1))};
  canvas_->fill(contours, color);
}

void Pen::line(Point from, Point to, double thickness, Color color) {
  const double dx = to.x - from.x, dy = to.y - from.y, length = std::hypot(dx, dy);
  if (length <= 0) return;
  const double nx = -dy / length * thickness / 2, ny = dx / length * thickness / 2;
  polygon({{from.x + nx, from.y + ny}, {to.x + nx, to.y + ny}, {to.x - nx, to.y - ny}, {from.x - nx, from.y - ny}},
          color);
}

}  // namespace ekya::scene
