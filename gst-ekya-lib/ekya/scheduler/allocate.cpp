// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/allocate.h"

#include <array>
#include <cstdint>
#include <limits>

namespace ekya::scheduler {
namespace {

/// What the last of some streams gets in the best allocation to them, by budget: k quanta, or with the remainder ~k.
using Choices = std::vector<std::int32_t>;

/// The best allocations to some streams, by budget. Shape [budget + 1].
struct Layer {
  explicit Layer(std::size_t size, double value = -std::numeric_limits<double>::infinity())
      : best(size, value), choices(size, 0) {}

  /// Considers the choice `quanta` worth `value` with every budget.
  void offer(const Layer& before, std::size_t quanta, double value, std::int32_t choice) {
    const std::size_t count = best.size() - quanta;
    const double* rest = before.best.data();
    double* sums = best.data() + quanta;
    std::int32_t* chosen = choices.data() + quanta;
    for (std::size_t j = 0; j < count; ++j) {
      const double sum = rest[j] + value;
      const bool better = sum > sums[j];
      sums[j] = better ? sum : sums[j];
      chosen[j] = better ? choice : chosen[j];
    }
  }

  /// Considers each entry of a row that is above the one before it.
  void offer_row(const Layer& before, const double* row, bool remainder) {
    for (std::size_t k = 0; k < best.size(); ++k) {
      const auto quanta = static_cast<std::int32_t>(k);
      if (k == 0 || row[k] > row[k - 1]) offer(before, k, row[k], remainder ? ~quanta : quanta);
    }
  }

  std::vector<double> best;
  Choices choices;
};

}  // namespace

Allocation allocate_exact(const ValueTable& table, const ValueTable* with_remainder) {
  const auto size = static_cast<std::size_t>(table.budget()) + 1;
  Layer without(size, 0), with(size);  // the remainder is still there, is spent
  std::vector<std::array<Choices, 2>> choices(table.streams());
  for (std::size_t v = 0; v < table.streams(); ++v) {
    Layer next_without(size), next_with(size);
    next_without.offer_row(without, table.row(v), false);
    if (with_remainder) {
      next_with.offer_row(with, table.row(v), false);
      next_with.offer_row(without, with_remainder->row(v), true);
    }
    choices[v] = {next_without.choices, next_with.choices};
    without = std::move(next_without);
    with = std::move(next_with);
  }
  bool spent = with.best.back() > without.best.back();
  Allocation allocation{std::vector<int>(table.streams(), 0), -1, (spent ? with : without).best.back()};
  std::size_t left = size - 1;
  for (std::size_t v = table.streams(); v-- > 0;) {
    const std::int32_t choice = choices[v][spent][left];
    if (choice < 0) {
      allocation.remainder_to = static_cast<int>(v);
      spent = false;
    }
    allocation.quanta[v] = choice < 0 ? ~choice : choice;
    left -= static_cast<std::size_t>(allocation.quanta[v]);
  }
  return allocation;
}

}  // namespace ekya::scheduler
