// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace ekya::drift {

struct PageHinkleyOptions {
  enum class Mode { kUp, kDown, kBoth };

  int min_instances = 30;  ///< No detection with fewer values.
  double delta = 0.005;    ///< A change of the mean by less is none.
  double threshold = 50;   ///< Lambda, in sums of the values' unit.
  double alpha = 0.9999;   ///< Forgetting of the sums at each value, in (0, 1].
  Mode mode = Mode::kBoth;
};

/// Sees the mean of a series change: sums the deviations from the mean so far and compares with the sum's extreme.
/// Constant time and memory. Not thread-safe.
/// Source: E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954, in the form of the Python package river.
class PageHinkley {
 public:
  /// As after `weight` values of mean `mean`.
  explicit PageHinkley(PageHinkleyOptions options = {}, double mean = 0, double weight = 0)
      : options_(options), mean_(mean), count_(weight) {}

  /// Whether the mean has changed. Start a new one then.
  bool add(double value);

  /// How far the sum of rises is above its lowest; compared with the threshold.
  double rise() const { return rises_ - lowest_; }
  /// Values since the sum of rises was lowest: where a rise began, by the usual estimate.
  long since_rise() const { return since_rise_; }

 private:
  PageHinkleyOptions options_;
  double mean_, count_;
  double rises_ = 0, falls_ = 0;  ///< Sums.
  double lowest_ = 0, highest_ = 0;
  long since_rise_ = 0;
  bool has_value_ = false;
};

}  // namespace ekya::drift
