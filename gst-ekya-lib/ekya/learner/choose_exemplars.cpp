// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/choose_exemplars.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>

#include "ekya/learner/exemplars.h"
#include "ekya/learner/herding.h"

namespace ekya::learner {
namespace {

constexpr std::size_t kBatch = 64;  // Crops whose features are asked for at a time.

using Rows = std::vector<SampleRow*>;

/// The rows of each class, in their order.
std::map<std::string, Rows> by_class(std::vector<SampleRow>& rows) {
  std::map<std::string, Rows> classes;
  for (SampleRow& row : rows) classes[row.label].push_back(&row);
  return classes;
}

Rows of_window(const Rows& rows, std::uint64_t window) {
  Rows own;
  std::ranges::copy_if(rows, std::back_inserter(own), [&](const SampleRow* row) { return row->window == window; });
  return own;
}

std::size_t part_of_a_class(std::size_t budget, std::size_t classes) {
  return std::max<std::size_t>(1, budget / std::max<std::size_t>(1, classes));
}

void thin(const std::map<std::string, Rows>& classes, std::size_t budget) {
  for (const auto& [label, rows] : classes) thin_exemplars(rows, part_of_a_class(budget, classes.size()));
}

/// What herding works on.
struct Described {
  Rows rows;  ///< Those that could be read.
  std::vector<int> labels;
  std::vector<float> features;  ///< [rows, width]
  std::size_t width = 0;        ///< 0 before the first.
};

Status append(const Rows& rows, const std::vector<int>& labels, const LabelledCrops& crops,
              const SampleStore::Features& features, Described& described) {
  if (rows.empty()) return {};
  const auto some = features(crops);
  if (!some) return some.error();
  const std::size_t width = some->size() / rows.size();
  if (width == 0 || width * rows.size() != some->size() || (described.width != 0 && described.width != width))
    return Error{ErrorCode::kInvalidArgument, std::to_string(some->size()) + " features of " +
                                                  std::to_string(rows.size()) + " crops, after rows of " +
                                                  std::to_string(described.width)};
  described.width = width;
  described.rows.insert(described.rows.end(), rows.begin(), rows.end());
  described.labels.insert(described.labels.end(), labels.begin(), labels.end());
  described.features.insert(described.features.end(), some->begin(), some->end());
  return {};
}

Result<Described> describe(const std::map<std::string, Rows>& classes, const ExemplarChoice& choice,
                           const ReadCrop& read, const SampleStore::Features& features) {
  Described described;
  int label = -1;
  for (const auto& [name, rows] : classes) {
    const Rows own = of_window(rows, choice.window);
    ++label;
    for (std::size_t at = 0; at < own.size(); at += kBatch) {
      Rows readable;
      LabelledCrops crops;
      crops.size = choice.size;
      for (SampleRow* row : std::span(own).subspan(at, std::min(kBatch, own.size() - at))) {
        const auto there = read(*row, label, crops);
        if (!there) return there.error();
        if (*there) readable.push_back(row);
      }
      if (auto added = append(readable, crops.labels, crops, features, described); !added) return added.error();
    }
  }
  return described;
}

}  // namespace

Status choose_by_herding(std::vector<SampleRow>& rows, const ExemplarChoice& choice, const ReadCrop& read,
                         const SampleStore::Features& features) {
  const auto classes = by_class(rows);
  const auto described = describe(classes, choice, read, features);
  if (!described) return described.error();
  std::map<int, std::vector<int>> best_first;
  if (!described->rows.empty()) {
    auto herds = herd(described->features, static_cast<int>(described->width), described->labels,
                      static_cast<int>(part_of_a_class(choice.budget, classes.size())));
    if (!herds) return herds.error();
    best_first = *std::move(herds);
  }
  for (SampleRow& row : rows)
    if (row.window == choice.window) row.rank.reset();
  for (const auto& [label, indices] : best_first)
    for (std::size_t rank = 0; rank < indices.size(); ++rank)
      described->rows[static_cast<std::size_t>(indices[rank])]->rank = static_cast<int>(rank);
  thin(classes, choice.budget);
  return {};
}

void choose_spread(std::vector<SampleRow>& rows, const ExemplarChoice& choice) {
  const auto classes = by_class(rows);
  for (const auto& [label, members] : classes) {
    const Rows own = of_window(members, choice.window);
    const auto order = spread_order(static_cast<int>(own.size()));
    for (std::size_t rank = 0; rank < order.size(); ++rank)
      own[static_cast<std::size_t>(order[rank])]->rank = static_cast<int>(rank);
  }
  thin(classes, choice.budget);
}

}  // namespace ekya::learner
