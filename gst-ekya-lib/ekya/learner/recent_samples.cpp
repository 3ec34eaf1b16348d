// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/recent_samples.h"

#include <algorithm>

namespace ekya::learner {
namespace {

constexpr std::size_t kMostSamples = 512;
constexpr std::size_t kMostBytes = std::size_t{32} << 20;

}  // namespace

RecentSamples::RecentSamples(int size) : size_(size) {
  const std::size_t crop = std::size_t{3} * std::max(1, size) * std::max(1, size);
  capacity_ = std::clamp<std::size_t>(kMostBytes / crop, 16, kMostSamples);
}

void RecentSamples::add(int label, bool held_back, std::uint64_t window, std::vector<std::uint8_t> pixels) {
  entries_.push_back({label, held_back, window, ++last_number_, std::move(pixels)});
  if (entries_.size() > capacity_) entries_.pop_front();
}

int RecentSamples::held_back(std::uint64_t window) const {
  return static_cast<int>(std::count_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.held_back && entry.window + kWindows > window;
  }));
}

void RecentSamples::append(LabelledCrops& crops, const Entry& entry) const {
  crops.pixels.insert(crops.pixels.end(), entry.pixels.begin(), entry.pixels.end());
  crops.labels.push_back(entry.label);
  crops.weights.push_back(1);
}

LabelledCrops RecentSamples::newest(int most, int skipped) const {
  LabelledCrops crops;
  crops.size = size_;
  const auto end = std::max<std::ptrdiff_t>(0, std::ssize(entries_) - std::max(0, skipped));
  for (auto i = std::max<std::ptrdiff_t>(0, end - std::max(0, most)); i < end; ++i)
    append(crops, entries_[static_cast<std::size_t>(i)]);
  return crops;
}

LabelledCrops RecentSamples::untrained_since(std::uint64_t trained_number, std::uint64_t min_window) const {
  LabelledCrops crops;
  crops.size = size_;
  for (const Entry& entry : entries_) {
    if (entry.window >= min_window && (entry.held_back || entry.number > trained_number)) append(crops, entry);
  }
  return crops;
}

RecentSamples::Untrained RecentSamples::untrained(std::uint64_t trained_number, std::uint64_t window,
                                                  int enough) const {
  Untrained found{untrained_since(trained_number, window), window};
  for (std::uint64_t back = 1; back < std::min(kWindows, window + 1) && found.crops.count() < enough; ++back)
    found = {untrained_since(trained_number, window - back), window - back};
  return found;
}

}  // namespace ekya::learner
