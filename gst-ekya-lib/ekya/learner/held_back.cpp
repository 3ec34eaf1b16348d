// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/held_back.h"

namespace ekya::learner {

bool HeldBackChooser::next(std::span<const std::string> labels) {
  bool due = false;
  int sum = 0;
  for (const std::string& label : labels) {
    const int balance = ++balance_[label];
    due = due || balance >= kOneIn;
    sum += balance;
  }
  // A rare class alone must not pull every frame of a common class with it: the frame's sum has a say as well.
  if (!due || sum <= 0) return false;
  for (const std::string& label : labels) balance_[label] -= kOneIn;
  return true;
}

}  // namespace ekya::learner
