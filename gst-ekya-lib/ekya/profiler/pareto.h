// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

namespace ekya::profiler {

struct ParetoPoint {
  std::string id;
  double work = 0;      ///< Device-seconds.
  double accuracy = 0;  ///< [0, 1]
  double sd = 0;        ///< Of its error, >= 0.
};

/// For each point the accuracy that the best of no more work has above it and its error bar, in [0, 1]; 0: it may be on
/// the front. A point with a number that is not finite gets 1 and stands in nobody's way. Cost: O(points²).
std::vector<double> distances_to_front(std::span<const ParetoPoint> points);

/// Leaves configs out that were far from the front of work and accuracy in past windows. Deterministic: one that is
/// out comes back for one window in `retry_windows`, to be measured again. Not thread-safe.
/// Source: Ekya (NSDI 2022, section 4.3), "pruning the bad configurations".
class ParetoPruner {
 public:
  struct Options {
    double margin = 0.05;   ///< Accuracy; a mean distance beyond it is far.
    int windows = 3;        ///< So many windows must have shown it.
    int retry_windows = 8;  ///< >= 2
  };
  ParetoPruner() = default;
  explicit ParetoPruner(const Options& options) : options_(options) {}

  /// What the configs that were measured in this window cost and bring. Those that are missing stay as they are.
  void record(std::span<const ParetoPoint> points);
  void new_window();
  bool pruned(const std::string& id) const;

 private:
  struct Record {
    double distance = 0;  ///< Mean, the newest window counting half.
    int windows = 0;      ///< In which it was measured.
    int out = 0;          ///< Windows since the last of them.
  };
  Options options_;
  std::map<std::string, Record> records_;
};

}  // namespace ekya::profiler
