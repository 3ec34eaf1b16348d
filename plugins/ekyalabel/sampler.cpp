// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyalabel/sampler.h"

#include <algorithm>

namespace ekya::gst::label {
namespace {

constexpr double kRounding = 1e-6;  // times have nanoseconds, so a third of a second thrice is not quite one

double elapsed(std::optional<Seconds>& last, Seconds now) {
  const double seconds = last ? std::max(0.0, (now - *last).count()) : 0;
  last = now;
  return seconds;
}

}  // namespace

bool Sampler::wants(Seconds at, double rate, const std::function<bool()>& preferred) {
  if (!last_) return wants_first(at, rate);
  credit_ += elapsed(last_, at) * rate;
  if (rate <= 0 || credit_ < 1 - kRounding || (taken_ && *taken_ == at)) return false;
  if (!preferred) {
    // More than a period was missed: start afresh, else a stall would be followed by a burst.
    return take(at, credit_ < 2 ? credit_ - 1 : 0);
  }
  credit_ = std::min(credit_, 2.0);
  if (credit_ < 2 - kRounding && !preferred()) return false;
  return take(at, credit_ - 1);
}

bool Sampler::wants_first(Seconds at, double rate) {
  if (rate <= 0) return false;
  last_ = at;
  return take(at, 0);
}

bool Sampler::take(Seconds at, double left) {
  taken_ = at;
  credit_ = std::max(0.0, left);
  return true;
}

bool LabelBudget::has_room(Seconds at, double rate, std::uint64_t labels) {
  const double seconds = elapsed(last_, at);
  const double most = std::max(1.0, rate);
  credit_ = std::min(credit_.value_or(most) + seconds * rate, most) - static_cast<double>(labels - labels_);
  labels_ = labels;
  if (rate > 0) return *credit_ > kRounding;
  credit_.reset();  // a budget that is set later starts full
  return true;
}

}  // namespace ekya::gst::label
