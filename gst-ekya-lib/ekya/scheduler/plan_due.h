// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ekya/base/clock.h"

namespace ekya::scheduler {

/// Why the next plan is due, and when.
class PlanDue {
 public:
  void at(Seconds time, const std::string& reason) {
    time_ = reasons_.empty() ? time : std::min(time_, time);
    const bool is_new = std::find(reasons_.begin(), reasons_.end(), reason) == reasons_.end();
    if (is_new && reasons_.size() < kMostReasons) reasons_.push_back(reason);
  }
  bool pending() const { return !reasons_.empty(); }
  /// Of the earliest reason, where one is pending.
  Seconds time() const { return time_; }
  /// The reasons in order, joined by `+`; none is pending afterwards.
  std::string take() {
    std::string joined;
    for (const std::string& reason : std::exchange(reasons_, {})) joined += (joined.empty() ? "" : "+") + reason;
    return joined;
  }

 private:
  static constexpr std::size_t kMostReasons = 8;

  std::vector<std::string> reasons_;
  Seconds time_{0};
};

}  // namespace ekya::scheduler
