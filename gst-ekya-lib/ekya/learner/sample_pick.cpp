// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/sample_pick.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ekya/learner/exemplars.h"

namespace ekya::learner {
namespace {

/// How many of each class, so that they are as even as their sizes and `most` let them be.
std::vector<std::size_t> even_counts(const std::map<int, std::vector<SampleRow>>& classes, std::size_t most) {
  std::vector<std::size_t> counts(classes.size(), 0);
  for (bool grew = true; grew && most > 0;) {
    grew = false;
    std::size_t i = 0;
    for (const auto& [label, rows] : classes) {
      if (counts[i] < rows.size() && most > 0) {
        ++counts[i];
        --most;
        grew = true;
      }
      ++i;
    }
  }
  return counts;
}

}  // namespace

std::vector<PickedSample> pick_samples(std::vector<SampleRow> rows, const std::vector<std::string>& labels,
                                       const SampleStore::Query& query) {
  std::map<std::string, int> indices;
  for (std::size_t i = 0; i < labels.size(); ++i) indices.emplace(labels[i], static_cast<int>(i));
  std::vector<PickedSample> picked;
  std::map<int, std::vector<SampleRow>> earlier;
  for (SampleRow& row : rows) {
    const auto index = indices.find(row.label);
    if (index == indices.end()) continue;
    if (row.window < query.min_window)
      earlier[index->second].push_back(std::move(row));
    else if (picked.size() < query.max_recent)
      picked.push_back({std::move(row), index->second});
  }
  const auto counts = even_counts(earlier, query.exemplars);
  std::size_t i = 0;
  for (auto& [label, past] : earlier) {
    for (SampleRow& row : take_exemplars(std::move(past), counts[i++])) picked.push_back({std::move(row), label});
  }
  return picked;
}

}  // namespace ekya::learner
