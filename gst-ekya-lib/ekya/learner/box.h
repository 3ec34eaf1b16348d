// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>

namespace ekya::learner {

/// Area of a box with corners x1, y1, x2, y2, in the square of their unit.
template <typename Box>
double area(const Box& box) {
  return (static_cast<double>(box.x2) - box.x1) * (static_cast<double>(box.y2) - box.y1);
}

/// Intersection over union of two boxes with corners x1, y1, x2, y2, in [0, 1]; 0 where they share no area.
template <typename BoxA, typename BoxB>
double iou(const BoxA& a, const BoxB& b) {
  const double width = static_cast<double>(std::min(a.x2, b.x2)) - std::max(a.x1, b.x1);
  const double height = static_cast<double>(std::min(a.y2, b.y2)) - std::max(a.y1, b.y1);
  if (!(width > 0 && height > 0)) return 0;
  return width * height / (area(a) + area(b) - width * height);
}

}  // namespace ekya::learner
