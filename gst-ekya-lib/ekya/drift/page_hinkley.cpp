// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/drift/page_hinkley.h"

namespace ekya::drift {

bool PageHinkley::add(double value) {
  ++count_;
  mean_ += (value - mean_) / count_;
  const double deviation = value - mean_;
  rises_ = options_.alpha * rises_ + deviation - options_.delta;
  falls_ = options_.alpha * falls_ + deviation + options_.delta;
  ++since_rise_;
  if (!has_value_ || rises_ < lowest_) lowest_ = rises_, since_rise_ = 0;
  if (!has_value_ || falls_ > highest_) highest_ = falls_;
  has_value_ = true;
  if (count_ < options_.min_instances) return false;
  using enum PageHinkleyOptions::Mode;
  const bool rose = rises_ - lowest_ > options_.threshold, fell = highest_ - falls_ > options_.threshold;
  return (rose && options_.mode != kDown) || (fell && options_.mode != kUp);
}

}  // namespace ekya::drift
