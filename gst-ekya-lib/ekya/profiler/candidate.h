// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace ekya::profiler {

/// A retraining config as the profiler sees it.
struct Candidate {
  std::string id;
  /// Configs of one family differ in nothing but epochs and data fraction. They share one job, of which each is a
  /// point to stop at, one learning curve and one cost of a sample: so 18 configs are profiled for the price of 3.
  std::string family;
  bool frozen_trunk = false;  ///< Only the head is trained: a sample's features are computed once.
  int epochs = 1;             ///< >= 1
  double fraction = 1;        ///< Of the training set, (0, 1].
  int batch_size = 32;        ///< >= 1

  double passes() const { return epochs * fraction; }  ///< k of the learning curve.
};

}  // namespace ekya::profiler
