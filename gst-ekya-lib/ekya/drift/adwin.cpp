// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/adwin.h"

#include <cmath>
#include <cstddef>

namespace ekya::drift {
namespace {

/// What joining two groups adds to their sums of squares.
double between(double n1, double mean1, double n2, double mean2) {
  return n1 * n2 * (mean1 - mean2) * (mean1 - mean2) / (n1 + n2);
}

}  // namespace

bool Adwin::add(double value) {
  insert(value);
  compress();
  if (++added_ % options_.clock != 0 || width_ <= options_.grace_period) return false;
  bool changed = false;
  while (drop_what_differs()) changed = true;
  return changed;
}

void Adwin::insert(double value) {
  if (rows_.empty()) rows_.emplace_back();
  rows_[0].push_back({value, 0});
  if (width_ > 0) deviation_ += between(static_cast<double>(width_), mean(), 1, value);
  ++width_;
  total_ += value;
}

void Adwin::compress() {
  const auto most = static_cast<std::size_t>(options_.max_buckets);
  for (std::size_t i = 0; i < rows_.size() && rows_[i].size() > most; ++i) {
    if (i + 1 == rows_.size()) rows_.emplace_back();
    const double n = std::ldexp(1.0, static_cast<int>(i));
    const Bucket a = rows_[i][0], b = rows_[i][1];
    rows_[i + 1].push_back({a.total + b.total, a.deviation + b.deviation + between(n, a.total / n, n, b.total / n)});
    rows_[i].erase(rows_[i].begin(), rows_[i].begin() + 2);
  }
}

/// Tries the splits from the oldest on; one that shows a change costs the oldest bucket.
bool Adwin::drop_what_differs() {
  double old_count = 0, old_total = 0;
  for (std::size_t i = rows_.size(); i-- > 0;) {
    for (std::size_t k = 0; k < rows_[i].size(); ++k) {
      old_count += std::ldexp(1.0, static_cast<int>(i));
      old_total += rows_[i][k].total;
      if (!differ(old_count, old_total, static_cast<double>(width_) - old_count, total_ - old_total)) continue;
      drop_oldest();
      return true;
    }
  }
  return false;
}

void Adwin::drop_oldest() {
  auto& row = rows_.back();
  const Bucket oldest = row.front();
  const long count = 1L << (rows_.size() - 1);
  const double n = static_cast<double>(count);
  width_ -= count;
  total_ -= oldest.total;
  deviation_ -= oldest.deviation + between(n, oldest.total / n, static_cast<double>(width_), mean());
  row.erase(row.begin());
  if (row.empty()) rows_.pop_back();
}

bool Adwin::differ(double old_count, double old_total, double new_count, double new_total) const {
  const double least = options_.min_window_length;
  if (old_count < least || new_count < least) return false;
  const double log_term = std::log(2 * std::log(static_cast<double>(width_)) / options_.delta);
  const double reciprocal = 1 / (old_count - least + 1) + 1 / (new_count - least + 1);
  const double bound = std::sqrt(2 * reciprocal * variance() * log_term) + 2.0 / 3 * log_term * reciprocal;
  return std::abs(old_total / old_count - new_total / new_count) > bound;
}

}  // namespace ekya::drift
