// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/levels.h"

#include <algorithm>
#include <limits>
#include <string>

namespace ekya::scheduler {
namespace {

std::string level_id(std::size_t k) { return "level-" + std::to_string(k); }

}  // namespace

std::vector<InferenceConfig> levels_of(const ShareRequest& request) {
  std::vector<InferenceConfig> levels = request.inference;
  std::stable_sort(levels.begin(), levels.end(), [](auto& a, auto& b) { return a.demand > b.demand; });
  return levels;
}

const InferenceConfig& level(const std::vector<InferenceConfig>& levels, std::size_t k) {
  return levels[std::min(k, levels.size() - 1)];
}

std::vector<InferenceConfig> combined(const std::vector<std::vector<InferenceConfig>>& clients) {
  if (clients.size() == 1) return clients.front();
  std::size_t most = 0;
  for (const auto& levels : clients) most = std::max(most, levels.size());
  std::vector<InferenceConfig> result;
  for (std::size_t k = 0; k < most; ++k) {
    InferenceConfig sum{level_id(k), 0, 0};
    for (const auto& levels : clients) {
      sum.demand += level(levels, k).demand;
      sum.factor += level(levels, k).factor / static_cast<double>(clients.size());
    }
    sum.demand = std::min(sum.demand, std::numeric_limits<double>::max());
    sum.factor = std::min(sum.factor, 1.0);
    result.push_back(sum);
  }
  return result;
}

}  // namespace ekya::scheduler
