// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/window_record.h"

#include <limits>

namespace ekya::scheduler {

void WindowRecord::Mean::add(double value, Seconds time) {
  sum += value * time.count();
  seconds += time.count();
}

void WindowRecord::planned(double expected_accuracy, double factor) {
  plan_accuracy_ = expected_accuracy;
  factor_ = factor;
  has_plan_ = true;
}

void WindowRecord::measured(double accuracy) {
  student_accuracy_ = accuracy;
  has_accuracy_ = true;
  measured_in_window_ = true;
}

void WindowRecord::pass(Seconds time) {
  if (has_plan_) expected_.add(plan_accuracy_, time);
  if (has_accuracy_) measured_.add(student_accuracy_ * factor_, time);
}

void WindowRecord::restart() {
  expected_ = measured_ = {};
  measured_in_window_ = false;
}

double WindowRecord::expected_accuracy() const { return expected_.value_or(plan_accuracy_); }

double WindowRecord::measured_accuracy() const {
  if (!measured_in_window_) return std::numeric_limits<double>::quiet_NaN();
  return measured_.value_or(student_accuracy_ * factor_);
}

}  // namespace ekya::scheduler
