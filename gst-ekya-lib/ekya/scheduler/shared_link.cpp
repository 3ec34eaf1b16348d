// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/shared_link.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace ekya::scheduler {
namespace {

/// A transfer that has begun.
struct Flow {
  std::size_t transfer;
  double left_mbit;
};

}  // namespace

std::vector<double> transfer_ends(const std::vector<Transfer>& transfers, double rate_mbps) {
  std::vector<std::size_t> order(transfers.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return transfers[a].begin_s < transfers[b].begin_s; });
  std::vector<double> ends_s(transfers.size());
  std::vector<Flow> flows;
  double now = 0;
  for (auto next = order.begin(); next != order.end() || !flows.empty();) {
    const double begin_s = next == order.end() ? std::numeric_limits<double>::infinity() : transfers[*next].begin_s;
    const auto least = std::min_element(flows.begin(), flows.end(),
                                        [](const Flow& a, const Flow& b) { return a.left_mbit < b.left_mbit; });
    const double each_mbps = rate_mbps / static_cast<double>(std::max<std::size_t>(1, flows.size()));
    const bool ends = least != flows.end() && now + least->left_mbit / each_mbps <= begin_s;
    const double moved_mbit = ends ? least->left_mbit : (begin_s - now) * each_mbps;
    now = ends ? now + moved_mbit / each_mbps : begin_s;
    if (ends) {
      ends_s[least->transfer] = now;
      flows.erase(least);
    }
    for (Flow& flow : flows) flow.left_mbit = std::max(0.0, flow.left_mbit - moved_mbit);
    if (!ends) {
      flows.push_back({*next, transfers[*next].mbit});
      ++next;
    }
  }
  return ends_s;
}

}  // namespace ekya::scheduler
