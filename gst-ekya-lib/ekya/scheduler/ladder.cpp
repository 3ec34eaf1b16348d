// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/ladder.h"

#include <algorithm>

#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

using Rungs = std::vector<Ladder::Rung>;

Rungs worth_their_demand(const Stream& stream) {
  if (stream.inference.empty()) return {{0, 1, -1}};
  Rungs all{{0, 0, -1}};
  for (std::size_t i = 0; i < stream.inference.size(); ++i)
    all.push_back({stream.inference[i].demand, stream.inference[i].factor, static_cast<int>(i)});
  std::stable_sort(all.begin() + 1, all.end(), [](const auto& a, const auto& b) {
    return a.demand != b.demand ? a.demand < b.demand : a.factor > b.factor;
  });
  Rungs rungs;
  for (const Ladder::Rung& rung : all) {
    if (!rungs.empty() && rung.factor <= rungs.back().factor) continue;
    if (!rungs.empty() && rung.demand <= 0) rungs.clear();  // a config that costs nothing beats none
    rungs.push_back(rung);
  }
  return rungs;
}

std::vector<Ladder::Step> concave_steps(const Rungs& rungs, std::size_t from) {
  std::vector<std::size_t> corners{from};
  for (std::size_t r = from + 1; r < rungs.size(); ++r) {
    const auto below = [&](std::size_t a, std::size_t b) {
      return (rungs[b].factor - rungs[a].factor) * (rungs[r].demand - rungs[a].demand) <=
             (rungs[r].factor - rungs[a].factor) * (rungs[b].demand - rungs[a].demand);
    };
    while (corners.size() > 1 && below(corners[corners.size() - 2], corners.back())) corners.pop_back();
    corners.push_back(r);
  }
  std::vector<Ladder::Step> steps;
  for (std::size_t k = 1; k < corners.size(); ++k) {
    const Ladder::Rung &a = rungs[corners[k - 1]], &b = rungs[corners[k]];
    steps.push_back({b.demand - a.demand, b.factor - a.factor, static_cast<int>(corners[k])});
  }
  return steps;
}

}  // namespace

Ladder::Ladder(const Stream& stream) : rungs_(worth_their_demand(stream)) {
  for (std::size_t from = 0; from < rungs_.size(); ++from) steps_.push_back(concave_steps(rungs_, from));
}

int Ladder::lowest(double factor) const {
  for (std::size_t r = 0; r < rungs_.size(); ++r)
    if (rungs_[r].factor >= factor - kShareTolerance) return static_cast<int>(r);
  return -1;
}

}  // namespace ekya::scheduler
