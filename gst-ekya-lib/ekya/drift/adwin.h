// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

namespace ekya::drift {

struct AdwinOptions {
  double delta = 0.002;       ///< Chance of a false detection at a check, in (0, 1).
  int clock = 32;             ///< Values between two checks, >= 1.
  int max_buckets = 5;        ///< Of each size, >= 1.
  int min_window_length = 5;  ///< Values that each side of a split has at least.
  int grace_period = 10;      ///< No check with fewer values.
};

/// Keeps the longest window of newest values whose mean did not change: where any split of it into old and new shows
/// another mean, the oldest values go. Not thread-safe.
/// Cost: O(log n) memory for a window of n values, O(log n) time a value on average, more where it forgets.
/// Source: Bifet, Gavaldà, "Learning from time-changing data with adaptive windowing", SDM 2007 (ADWIN2, exponential
/// histogram); bound and order of the cuts as in the Python package river, so that detections are the same.
class Adwin {
 public:
  explicit Adwin(AdwinOptions options = {}) : options_(options) {}

  /// Whether the mean has changed. What came before the change is forgotten then; river forgets everything instead.
  bool add(double value);

  long width() const { return width_; }  ///< Values in the window.
  double mean() const { return width_ > 0 ? total_ / static_cast<double>(width_) : 0; }
  /// Of the window's values, >= 0.
  double variance() const { return width_ > 0 ? deviation_ / static_cast<double>(width_) : 0; }

 private:
  struct Bucket {
    double total = 0;
    double deviation = 0;  ///< Sum of squares around its mean.
  };

  void insert(double value);
  void compress();
  bool drop_what_differs();
  void drop_oldest();
  bool differ(double old_count, double old_total, double new_count, double new_total) const;

  AdwinOptions options_;
  std::vector<std::vector<Bucket>> rows_;  ///< Row i: buckets of 2^i values each, oldest first.
  long width_ = 0, added_ = 0;
  double total_ = 0, deviation_ = 0;
};

}  // namespace ekya::drift
