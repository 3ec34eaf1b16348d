// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>

#include "ekya/base/clock.h"

namespace ekya::device {

/// How long one client computed over the last few seconds: a ring of short buckets, so that it costs the same however
/// many leases there were. Not thread-safe.
class Usage {
 public:
  static constexpr Seconds kWindow{5};

  explicit Usage(Seconds start) : start_(start) {}

  /// A lease was held from `begin` to `end`; begin <= end, and no earlier `end` lies after this one.
  void add(Seconds begin, Seconds end);

  /// Fraction of the last kWindow (of its life, where that is shorter) up to `now` that leases were held.
  double fraction(Seconds now) const;

 private:
  static constexpr std::int64_t kBuckets = 20;
  static constexpr Seconds kBucket = kWindow / static_cast<double>(kBuckets);

  static std::int64_t bucket_of(Seconds time);

  struct Bucket {
    std::int64_t number = -1;
    Seconds held{0};
  };
  std::array<Bucket, kBuckets> ring_;
  Seconds start_;
};

}  // namespace ekya::device
