// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/canary.h"

#include <algorithm>
#include <cstdio>

namespace ekya::learner {
namespace {

std::string percent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * value);
  return text;
}

}  // namespace

Canary::Canary(double margin) : fall_(-1, std::clamp(margin, 0.0, 0.9)) {}

void Canary::add(bool old_right, bool new_right) {
  if (is_over()) return;
  counts_.add(old_right, new_right);
  fall_.add(static_cast<double>(old_right) - static_cast<double>(new_right));
}

std::optional<std::string> Canary::reason_to_roll_back() const {
  if (fall_.wealth() < 1 / kFalseAlarm) return std::nullopt;
  return "the model before it is better on new labels: " + percent(counts_.old_accuracy()) + " against " +
         percent(counts_.new_accuracy()) + " of " + std::to_string(counts_.total()) + " labels";
}

ShadowAgreement::ShadowAgreement(double expected)
    : expected_(std::clamp(expected, 0.0, 1.0)),
      disagreement_(0, std::min(1.0, expected_ + kSlack)),
      fall_(-1, kConfidence) {}

void ShadowAgreement::add(int old_label, double old_confidence, int new_label, double new_confidence) {
  ++regions_;
  differ_ += old_label != new_label;
  const double fall = std::clamp(old_confidence, 0.0, 1.0) - std::clamp(new_confidence, 0.0, 1.0);
  fall_sum_ += fall;
  disagreement_.add(old_label != new_label);
  fall_.add(fall);
}

std::optional<std::string> ShadowAgreement::reason_to_label() const {
  const std::string of = " of " + std::to_string(regions_) + " regions without labels";
  if (disagreement_.wealth() >= 1 / kFalseAlarm)
    return "the two models differ on " + percent(static_cast<double>(differ_) / regions_) + of + ", " +
           percent(expected_) + " expected";
  if (fall_.wealth() >= 1 / kFalseAlarm)
    return "the confidence is lower by " + percent(fall_sum_ / regions_) + " on the mean" + of;
  return std::nullopt;
}

}  // namespace ekya::learner
