// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "ekya/learner/model.h"

namespace ekya::learner {

/// The newest labelled crops in memory: what the gate compares two models on. Those that came after a training set was
/// read are as good as held back. Bounded in number and bytes. Not thread-safe.
class RecentSamples {
 public:
  static constexpr std::uint64_t kWindows = 4;

  struct Entry {
    int label = 0;
    bool held_back = false;
    std::uint64_t window = 0;
    std::uint64_t number = 0;  ///< 1, 2, 3, ... in order of arrival.
    std::vector<std::uint8_t> pixels;
  };

  /// size: of the crops, in pixels.
  explicit RecentSamples(int size);

  void add(int label, bool held_back, std::uint64_t window, std::vector<std::uint8_t> pixels);

  /// The newest `most` crops but for the last `skipped`, oldest first.
  LabelledCrops newest(int most, int skipped) const;

  std::uint64_t last_number() const { return last_number_; }
  /// Held-back samples of the last kWindows windows.
  int held_back(std::uint64_t window) const;

  struct Untrained {
    LabelledCrops crops;
    std::uint64_t first_window = 0;  ///< They are of this window and later ones.
  };
  /// What was not trained on by a job that read its training set at `trained_number`: of the current window, and of as
  /// many before it as it takes to have `enough`, at most kWindows in all.
  Untrained untrained(std::uint64_t trained_number, std::uint64_t window, int enough) const;

 private:
  void append(LabelledCrops& crops, const Entry& entry) const;
  LabelledCrops untrained_since(std::uint64_t trained_number, std::uint64_t min_window) const;

  int size_;
  std::size_t capacity_;
  std::uint64_t last_number_ = 0;
  std::deque<Entry> entries_;
};

}  // namespace ekya::learner
