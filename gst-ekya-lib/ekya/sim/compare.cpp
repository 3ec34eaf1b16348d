// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/compare.h"

#include <cmath>
#include <limits>

namespace ekya::sim {
namespace {

constexpr double kNormal95 = 1.959963984540054;

template <typename Value>
std::vector<double> each(const std::vector<std::vector<Score>>& scores, const Value& value) {
  std::vector<double> values;
  for (const auto& of_case : scores) values.push_back(value(of_case));
  return values;
}

/// More of the time than this below a_min is more.
constexpr double kSameTime = 1e-9;

void find_extremes(const std::vector<std::vector<Score>>& scores, std::size_t policy, Summary& summary) {
  summary.least_difference = std::numeric_limits<double>::infinity();
  summary.most_difference = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t c = 0; c < scores.size(); ++c) {
    const Score &first = scores[c][0], &score = scores[c][policy];
    const double difference = score.accuracy - first.accuracy;
    if (difference < summary.least_difference) {
      summary.least_difference = difference;
      summary.least_case = c;
    }
    if (score.below_floor <= first.below_floor + kSameTime && !(difference <= summary.most_difference)) {
      summary.most_difference = difference;
      summary.most_case = c;
    }
  }
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
    Summary summary;
    summary.accuracy = estimate(each(scores, [&](const auto& s) { return s[p].accuracy; }));
    summary.worst_stream = estimate(each(scores, [&](const auto& s) { return s[p].worst_stream; }));
    summary.gap = estimate(each(scores, [&](const auto& s) { return s[p].upper_bound - s[p].accuracy; }));
    summary.difference = estimate(difference);
    find_extremes(scores, p, summary);
    summary.below_floor = estimate(each(scores, [&](const auto& s) { return s[p].below_floor; })).mean;
    summaries.push_back(summary);
  }
  return summaries;
}

}  // namespace ekya::sim
