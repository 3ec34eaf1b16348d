// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <vector>

namespace ekya::scheduler {

/// What each stream is worth at each share. Shape [streams, budget + 1], row-major: entry (v, k) is the worth of stream
/// v with k quanta; rows do not fall.
class ValueTable {
 public:
  ValueTable(std::size_t streams, int budget)
      : streams_(streams), budget_(budget), values_(streams * (static_cast<std::size_t>(budget) + 1)) {}

  std::size_t streams() const { return streams_; }
  int budget() const { return budget_; }
  double* row(std::size_t stream) { return &values_[stream * (static_cast<std::size_t>(budget_) + 1)]; }
  const double* row(std::size_t stream) const { return &values_[stream * (static_cast<std::size_t>(budget_) + 1)]; }

 private:
  std::size_t streams_;
  int budget_;
  std::vector<double> values_;
};

struct Allocation {
  std::vector<int> quanta;  ///< [streams], each >= 0, sum <= budget.
  int remainder_to = -1;    ///< The stream that holds the remainder as well, or -1.
  double value = 0;         ///< Sum over streams of the chosen entries.
};

/// The allocation of highest value; of equal ones one that uses few quanta. One stream may hold a remainder of the
/// capacity, less than a quantum, as well: then `with_remainder` has what each stream is worth with it; null: there is
/// none. Cost: O(streams · budget · steps) time, where a step is an entry above the one before it in its row, three
/// times that with a remainder, and O(streams · budget) memory.
/// Source: multiple-choice knapsack by dynamic programming.
Allocation allocate_exact(const ValueTable& table, const ValueTable* with_remainder = nullptr);

}  // namespace ekya::scheduler
