// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/micro_profile.h"

#include <algorithm>
#include <cmath>

namespace ekya::sim {

std::vector<double> prediction_errors(const std::vector<CityWindow>& windows) {
  std::vector<double> errors;
  for (const CityWindow& window : windows)
    for (const RecordedConfig& config : window.configs) errors.push_back(config.predicted_accuracy - config.accuracy);
  return errors;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<Bin> histogram(const std::vector<double>& values, double width) {
  if (values.empty()) return {};
  const auto bin = [width](double value) { return static_cast<int>(std::floor(value / width + 1e-9)); };
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  std::vector<Bin> bins;
  for (int k = bin(*least); k <= bin(*most); ++k) bins.push_back({k * width, 0});
  for (const double value : values) ++bins[static_cast<std::size_t>(bin(value) - bin(*least))].count;
  return bins;
}

}  // namespace ekya::sim
