// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/base/clock.h"

namespace ekya::scheduler {

/// What one stream was expected to reach in a window and what was measured, both averaged over time.
class WindowRecord {
 public:
  /// A plan is in force from now on; `factor` is that of its inference config, in [0, 1].
  void planned(double expected_accuracy, double factor);
  /// The live student's accuracy was measured now.
  void measured(double accuracy);
  void pass(Seconds time);
  /// Starts the next window with the plan and the accuracy of now.
  void restart();

  /// Mean of the plans' expected accuracies; what the plan says where no time has passed.
  double expected_accuracy() const;
  /// Mean of student accuracy × inference factor; NaN where nothing was measured in this window.
  double measured_accuracy() const;

 private:
  struct Mean {
    double sum = 0, seconds = 0;
    void add(double value, Seconds time);
    double value_or(double none) const { return seconds > 0 ? sum / seconds : none; }
  };

  double plan_accuracy_ = 0;
  double factor_ = 1;
  double student_accuracy_ = 0;
  bool has_plan_ = false;
  bool has_accuracy_ = false;
  bool measured_in_window_ = false;
  Mean expected_, measured_;
};

}  // namespace ekya::scheduler
