// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/exemplars.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace ekya::learner {
namespace {

constexpr int kNoRank = std::numeric_limits<int>::max();

int rank_of(const SampleRow& row) { return row.rank.value_or(kNoRank); }

/// Index of the row to spare; rows: oldest window first, at least one.
std::size_t most_crowded(const std::vector<SampleRow*>& rows) {
  std::size_t found = rows.size() - 1;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t i = 1; i + 1 < rows.size(); ++i)
    if (const std::uint64_t gap = rows[i + 1]->window - rows[i - 1]->window; gap <= least) {
      least = gap;
      found = i;
    }
  return found;
}

}  // namespace

std::vector<int> spread_order(int count) {
  int bits = 0;
  while ((1 << bits) < count) ++bits;
  std::vector<int> order;
  for (int i = 0; i < 1 << bits; ++i) {
    int reversed = 0;
    for (int bit = 0; bit < bits; ++bit) reversed |= (i >> bit & 1) << (bits - 1 - bit);
    if (reversed < count) order.push_back(reversed);
  }
  return order;
}

void thin_exemplars(std::vector<SampleRow*> rows, std::size_t most) {
  std::erase_if(rows, [](const SampleRow* row) { return !row->rank; });
  std::size_t left = rows.size();
  std::map<int, std::vector<SampleRow*>> tiers;
  for (SampleRow* row : rows) tiers[*row->rank].push_back(row);
  for (auto tier = tiers.rbegin(); tier != tiers.rend() && left > most; ++tier) {
    auto& members = tier->second;
    std::sort(members.begin(), members.end(), [](const SampleRow* a, const SampleRow* b) {
      return std::pair(a->window, a->id) < std::pair(b->window, b->id);
    });
    for (; !members.empty() && left > most; --left) {
      const auto spared = members.begin() + static_cast<std::ptrdiff_t>(most_crowded(members));
      (*spared)->rank.reset();
      members.erase(spared);
    }
  }
}

std::vector<SampleRow> take_exemplars(std::vector<SampleRow> rows, std::size_t most) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const SampleRow& a, const SampleRow& b) { return rank_of(a) < rank_of(b); });
  std::vector<SampleRow> taken;
  for (std::size_t at = 0; at < rows.size() && taken.size() < most;) {
    std::size_t end = at;
    while (end < rows.size() && rank_of(rows[end]) == rank_of(rows[at])) ++end;
    const std::size_t tier = end - at, count = std::min(tier, most - taken.size());
    for (std::size_t k = 0; k < count; ++k) taken.push_back(std::move(rows[at + k * tier / count]));
    at = end;
  }
  return taken;
}

}  // namespace ekya::learner
