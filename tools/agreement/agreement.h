// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ekya/base/mutex.h"

namespace ekya::tools {

/// One region: number of the clip from 1 on, time stamp, x, y, width, height.
using RegionKey = std::tuple<int, std::uint64_t, unsigned, unsigned, unsigned, unsigned>;

/// How often the live student called regions what the golden model called them.
struct ClipScore {
  struct Label {
    long golden = 0, agreed = 0;  ///< Regions that the golden model calls so; those that the student calls so too.
  };
  std::map<std::string, Label> labels;

  long regions() const;
  double agreement() const;          ///< In [0, 1]; 0 without regions.
  double mean_over_classes() const;  ///< Each class counts the same: what one answer for all cannot raise.
};

/// Compares what the live student said of a region with what the golden model says of it. Prequential: the student
/// answered before it could learn the label. Thread-safe.
class Agreement {
 public:
  void student(const RegionKey& region, const std::string& label);
  /// Regions come in the order of their keys.
  void golden(const RegionKey& region, const std::string& label);

  /// Number of the newest clip that has golden labels; 0 at first.
  int clip() const;
  ClipScore score(int clip) const;

 private:
  void compare(int clip, const std::string& golden, const std::string& student) EKYA_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<RegionKey, std::string> answers_ EKYA_GUARDED_BY(mutex_), waiting_ EKYA_GUARDED_BY(mutex_);
  std::map<int, ClipScore> scores_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::tools
