// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/training_set.h"

#include <algorithm>
#include <cmath>

namespace ekya::learner {
namespace {

constexpr double kHalfWeight = 150;  // Crops.
constexpr double kLeastWeight = 0.3;
constexpr std::size_t kEarlierHeldBack = 100;

std::size_t part(int count, double fraction) {
  return static_cast<std::size_t>(std::max(1.0, std::floor(count * std::clamp(fraction, 0.0, 1.0))));
}

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

Result<LabelledCrops> load_training_set(SampleStore& store, const ModelInfo& model, std::uint64_t window,
                                        double fraction, int fewest, const TrainingSetOptions& options) {
  SampleStore::Query query;
  query.size = model.input_size;
  query.min_window = first_recent(window);
  query.max_recent = part(options.max_recent, fraction);
  auto crops = store.load(model.labels, query);
  if (!crops) return crops;
  query.max_recent = 0;
  query.exemplars = part(options.max_exemplars, fraction);
  auto exemplars = store.load(model.labels, query);
  if (!exemplars) return exemplars;
  append(*crops, *exemplars);
  weigh_by_age(*crops);
  if (Status trainable = check_trainable(*crops, static_cast<int>(fewest * fraction)); !trainable)
    return trainable.error();
  return crops;
}

Result<LabelledCrops> load_earlier_held_back(SampleStore& store, const ModelInfo& model, std::uint64_t first_recent) {
  SampleStore::Query query;
  query.held_back = true;
  query.size = model.input_size;
  query.min_window = first_recent;
  query.max_recent = 0;
  query.exemplars = kEarlierHeldBack;
  return store.load(model.labels, query);
}

}  // namespace ekya::learner
