// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/throughput.h"

#include <algorithm>

namespace ekya::scheduler {
namespace {

/// Corners of the least concave curve above the points and the origin, up to its highest point.
std::vector<CurvePoint> concave_corners(const std::vector<CurvePoint>& points) {
  std::vector<CurvePoint> corners{{0, 0}};
  for (const CurvePoint& p : points) {
    if (p.share <= corners.back().share || p.speed <= corners.back().speed) continue;
    const auto below = [&](const CurvePoint& a, const CurvePoint& b) {
      return (b.speed - a.speed) * (p.share - a.share) <= (p.speed - a.speed) * (b.share - a.share);
    };
    while (corners.size() > 1 && below(corners[corners.size() - 2], corners.back())) corners.pop_back();
    corners.push_back(p);
  }
  return corners;
}

}  // namespace

Throughput::Throughput(const std::vector<CurvePoint>& measured) {
  if (measured.empty()) {
    pieces_ = {{std::numeric_limits<double>::infinity(), 1}};
    return;
  }
  const std::vector<CurvePoint> corners = concave_corners(measured);
  for (std::size_t i = 1; i < corners.size(); ++i) {
    const double width = corners[i].share - corners[i - 1].share;
    pieces_.push_back({width, (corners[i].speed - corners[i - 1].speed) / width});
  }
}

double Throughput::speed(double share) const {
  double speed = 0;
  for (const Piece& piece : pieces_) {
    if (share <= 0) break;
    speed += std::min(share, piece.width) * piece.slope;
    share -= piece.width;
  }
  return speed;
}

double Throughput::share(double speed) const {
  double share = 0;
  for (const Piece& piece : pieces_) {
    const double most = piece.width * piece.slope;
    if (speed <= most) return share + speed / piece.slope;
    speed -= most;
    share += piece.width;
  }
  return speed <= 1e-12 ? share : std::numeric_limits<double>::infinity();
}

}  // namespace ekya::scheduler
