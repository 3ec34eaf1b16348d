// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/compare.h"

#include <algorithm>
#include <cmath>

namespace ekya::sim {
namespace {

constexpr double kNormal95 = 1.959963984540054;

template <typename Value>
std::vector<double> each(const std::vector<std::vector<Score>>& scores, const Value& value) {
  std::vector<double> values;
  for (const auto& of_case : scores) values.push_back(value(of_case));
  return values;
}

}  // namespace

Estimate estimate(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (double value : values) sum += value;
  const double mean = sum / n;
  for (double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() < 2 ? 0 : kNormal95 * std::sqrt(squares / (n - 1) / n)};
}

std::vector<Summary> summarise(const std::vector<std::vector<Score>>& scores) {
  std::vector<Summary> summaries;
  for (std::size_t p = 0; p < scores.front().size(); ++p) {
    const auto difference = each(scores, [&](const auto& s) { return s[p].accuracy - s[0].accuracy; });
    const auto [least, most] = std::minmax_element(difference.begin(), difference.end());
    Summary summary;
    summary.accuracy = estimate(each(scores, [&](const auto& s) { return s[p].accuracy; }));
    summary.worst_stream = estimate(each(scores, [&](const auto& s) { return s[p].worst_stream; }));
    summary.gap = estimate(each(scores, [&](const auto& s) { return s[p].upper_bound - s[p].accuracy; }));
    summary.difference = estimate(difference);
    summary.least_difference = *least;
    summary.least_case = static_cast<std::size_t>(least - difference.begin());
    summary.most_difference = *most;
    summary.most_case = static_cast<std::size_t>(most - difference.begin());
    summary.below_floor = estimate(each(scores, [&](const auto& s) { return s[p].below_floor; })).mean;
    summaries.push_back(summary);
  }
  return summaries;
}

}  // namespace ekya::sim
