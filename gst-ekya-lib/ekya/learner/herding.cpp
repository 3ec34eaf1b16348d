// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/herding.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace ekya::learner {
namespace {

using Row = std::span<const double>;

/// Rows of unit length; a row of zeros stays as it is.
std::vector<double> normalised(std::span<const float> features, std::size_t width) {
  std::vector<double> unit(features.begin(), features.end());
  for (std::size_t at = 0; at < unit.size(); at += width) {
    double squares = 0;
    for (std::size_t k = 0; k < width; ++k) squares += unit[at + k] * unit[at + k];
    for (std::size_t k = 0; k < width && squares > 0; ++k) unit[at + k] /= std::sqrt(squares);
  }
  return unit;
}

/// |x|^2 / 2 - w x: for the k-th choice with w = k mean - sum of those chosen, it orders as |mean - (sum + x) / k|.
double cost(Row x, const std::vector<double>& w) {
  double half_square = 0, dot = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    half_square += x[k] * x[k] / 2;
    dot += w[k] * x[k];
  }
  return half_square - dot;
}

std::vector<int> herd_class(const std::vector<double>& unit, std::size_t width, std::vector<int> rows,
                            std::size_t most) {
  const auto row = [&](int i) { return Row(unit).subspan(static_cast<std::size_t>(i) * width, width); };
  std::vector<double> mean(width);
  for (const int i : rows)
    for (std::size_t k = 0; k < width; ++k) mean[k] += row(i)[k] / static_cast<double>(rows.size());
  std::vector<double> w = mean;
  std::vector<int> chosen;
  while (chosen.size() < most && !rows.empty()) {
    auto best = rows.begin();
    double least = std::numeric_limits<double>::infinity();
    for (auto it = rows.begin(); it != rows.end(); ++it)
      if (const double c = cost(row(*it), w); c < least) {
        least = c;
        best = it;
      }
    for (std::size_t k = 0; k < width; ++k) w[k] += mean[k] - row(*best)[k];
    chosen.push_back(*best);
    rows.erase(best);
  }
  return chosen;
}

}  // namespace

Result<std::map<int, std::vector<int>>> herd(std::span<const float> features, int width, std::span<const int> labels,
                                             int most) {
  if (width < 1 || features.size() != labels.size() * static_cast<std::size_t>(width))
    return Error{ErrorCode::kInvalidArgument, "herding: " + std::to_string(features.size()) + " numbers are not " +
                                                  std::to_string(labels.size()) + " rows of " + std::to_string(width)};
  if (!std::ranges::all_of(features, [](float value) { return std::isfinite(value); }))
    return Error{ErrorCode::kInvalidArgument, "herding: a feature is not finite"};
  const auto unit = normalised(features, static_cast<std::size_t>(width));
  std::map<int, std::vector<int>> classes;
  for (std::size_t i = 0; i < labels.size(); ++i) classes[labels[i]].push_back(static_cast<int>(i));
  for (auto& [label, rows] : classes)
    rows =
        herd_class(unit, static_cast<std::size_t>(width), std::move(rows), static_cast<std::size_t>(std::max(0, most)));
  return classes;
}

}  // namespace ekya::learner
