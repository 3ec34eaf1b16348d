// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/training_set.h"

#include <algorithm>
#include <cmath>

namespace ekya::learner {
namespace {

constexpr double kHalfWeight = 150;  // Crops.
constexpr double kLeastWeight = 0.3;
constexpr std::size_t kEarlierHeldBack = 100;

std::uint64_t first_recent(std::uint64_t window) { return window > 0 ? window - 1 : 0; }

void append(LabelledCrops& to, const LabelledCrops& from) {
  to.pixels.insert(to.pixels.end(), from.pixels.begin(), from.pixels.end());
  to.labels.insert(to.labels.end(), from.labels.begin(), from.labels.end());
  to.weights.insert(to.weights.end(), from.weights.begin(), from.weights.end());
}

void weigh_by_age(LabelledCrops& crops) {
  for (std::size_t i = 0; i < crops.weights.size(); ++i)
    crops.weights[i] *= static_cast<float>(std::max(kLeastWeight, std::exp2(-static_cast<double>(i) / kHalfWeight)));
}

Status check_trainable(const LabelledCrops& crops, int fewest) {
  if (crops.count() < std::max(2, fewest))
    return Error{ErrorCode::kInvalidArgument, "only " + std::to_string(crops.count()) + " samples to train on, " +
                                                  std::to_string(std::max(2, fewest)) + " are needed"};
  const auto [least, most] = std::minmax_element(crops.labels.begin(), crops.labels.end());
  if (*least == *most) return Error{ErrorCode::kInvalidArgument, "samples of one class only"};
  return {};
}

}  // namespace

Result<LabelledCrops> load_training_set(SampleStore& store, const std::vector<std::string>& labels, int size,
                                        std::uint64_t window, int fewest, const TrainingSetOptions& options) {
  SampleStore::Query query;
  query.size = size;
  query.min_window = first_recent(window);
  query.max_recent = static_cast<std::size_t>(std::max(0, options.max_recent));
  auto crops = store.load(labels, query);
  if (!crops) return crops;
  query.max_recent = 0;
  query.exemplars = static_cast<std::size_t>(std::max(0, options.max_exemplars));
  auto exemplars = store.load(labels, query);
  if (!exemplars) return exemplars;
  append(*crops, *exemplars);
  weigh_by_age(*crops);
  if (Status trainable = check_trainable(*crops, fewest); !trainable) return trainable.error();
  return crops;
}

LabelledCrops thinned(const LabelledCrops& crops, double fraction) {
  if (fraction >= 1) return crops;
  const std::size_t bytes = std::size_t{3} * crops.size * crops.size;
  const int kept = std::max(1, static_cast<int>(std::floor(crops.count() * std::max(0.0, fraction))));
  LabelledCrops some;
  some.size = crops.size;
  for (std::int64_t i = 0; i < std::min(kept, crops.count()); ++i) {
    const auto from = static_cast<std::size_t>(i * crops.count() / kept);
    const auto pixels = crops.pixels.begin() + static_cast<std::ptrdiff_t>(bytes * from);
    some.pixels.insert(some.pixels.end(), pixels, pixels + static_cast<std::ptrdiff_t>(bytes));
    some.labels.push_back(crops.labels[from]);
    some.weights.push_back(crops.weights[from]);
  }
  return some;
}

Result<LabelledCrops> load_earlier_held_back(SampleStore& store, const std::vector<std::string>& labels, int size,
                                             std::uint64_t first_recent) {
  SampleStore::Query query;
  query.held_back = true;
  query.size = size;
  query.min_window = first_recent;
  query.max_recent = 0;
  query.exemplars = kEarlierHeldBack;
  return store.load(labels, query);
}

}  // namespace ekya::learner
