// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/matcher.h"

#include <algorithm>

#include "glue/regions.h"

namespace ekya::gst::label {

std::vector<int> match_boxes(std::span<const device::Rect> regions, std::span<const device::Rect> boxes,
                             double min_iou) {
  struct Pair {
    double iou;
    std::size_t region, box;
  };
  std::vector<Pair> pairs;
  for (std::size_t box = 0; box < boxes.size(); ++box) {
    for (std::size_t region = 0; region < regions.size(); ++region) {
      const double overlap = iou(regions[region], boxes[box]);
      if (overlap > 0 && overlap >= min_iou) pairs.push_back({overlap, region, box});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.iou > b.iou; });
  std::vector<int> box_of(regions.size(), -1);
  std::vector<bool> is_used(boxes.size(), false);
  for (const Pair& pair : pairs) {
    if (box_of[pair.region] >= 0 || is_used[pair.box]) continue;
    box_of[pair.region] = static_cast<int>(pair.box);
    is_used[pair.box] = true;
  }
  return box_of;
}

}  // namespace ekya::gst::label
