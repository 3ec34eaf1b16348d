// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/pareto.h"

#include <algorithm>
#include <cmath>

namespace ekya::profiler {
namespace {

bool usable(const ParetoPoint& point) {
  return std::isfinite(point.work) && std::isfinite(point.accuracy) && std::isfinite(point.sd);
}

}  // namespace

std::vector<double> distances_to_front(std::span<const ParetoPoint> points) {
  std::vector<double> distances;
  for (const ParetoPoint& point : points) {
    double best = point.accuracy;
    for (const ParetoPoint& other : points)
      if (usable(other) && other.work <= point.work) best = std::max(best, other.accuracy);
    distances.push_back(usable(point) ? std::clamp(best - point.accuracy - point.sd, 0.0, 1.0) : 1.0);
  }
  return distances;
}

void ParetoPruner::record(std::span<const ParetoPoint> points) {
  const std::vector<double> distances = distances_to_front(points);
  for (std::size_t i = 0; i < points.size(); ++i) {
    Record& record = records_[points[i].id];
    record.distance = record.windows == 0 ? distances[i] : (record.distance + distances[i]) / 2;
    record.windows = std::min(record.windows + 1, options_.windows);
    record.out = 0;
  }
}

void ParetoPruner::new_window() {
  for (auto& [id, record] : records_) ++record.out %= std::max(2, options_.retry_windows);
}

bool ParetoPruner::pruned(const std::string& id) const {
  const auto found = records_.find(id);
  if (found == records_.end()) return false;
  const Record& record = found->second;
  return record.windows >= options_.windows && record.distance > options_.margin && record.out != 0;
}

}  // namespace ekya::profiler
