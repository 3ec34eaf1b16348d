// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/device/usage.h"

#include <algorithm>
#include <cmath>

namespace ekya::device {

std::int64_t Usage::bucket_of(Seconds time) { return static_cast<std::int64_t>(std::floor(time / kBucket)); }

void Usage::add(Seconds begin, Seconds end) {
  const std::int64_t last = bucket_of(end);
  for (std::int64_t number = std::max(bucket_of(begin), last - kBuckets + 1); number <= last; ++number) {
    Bucket& bucket = ring_[static_cast<std::size_t>((number % kBuckets + kBuckets) % kBuckets)];
    if (bucket.number != number) bucket = {number, Seconds{0}};
    const Seconds from = std::max(begin, static_cast<double>(number) * kBucket);
    const Seconds to = std::min(end, static_cast<double>(number + 1) * kBucket);
    bucket.held += std::max(Seconds{0}, to - from);
  }
}

double Usage::fraction(Seconds now) const {
  const std::int64_t oldest = bucket_of(now) - kBuckets + 1;
  Seconds held{0};
  for (const Bucket& bucket : ring_)
    if (bucket.number >= oldest) held += bucket.held;
  // A client that has just come is measured over a bucket at least, else its first lease would look like all of it.
  const Seconds from = std::max(start_, static_cast<double>(oldest) * kBucket);
  return held / std::max(kBucket, now - from);
}

}  // namespace ekya::device
