// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ekya/base/clock.h"
#include "ekya/base/mutex.h"

namespace ekya::gst {

/// Keeps warnings few: each kind is posted at most once a minute, with the number of times that it happened since.
/// A fault on every frame of a camera would otherwise fill the memory of an application that never reads its bus.
/// Kinds are words of the program, not input, so they are few. Thread-safe.
class Notices {
 public:
  explicit Notices(Seconds interval = Seconds{60}) : interval_(interval) {}

  /// The text to post now, with " (n times since the last such message)" where it happened more than once; nothing
  /// when one of that kind was posted less than a minute ago.
  std::optional<std::string> take(const std::string& kind, const std::string& text, Seconds now = steady_now());

  /// Forgets everything: for a new start of the element.
  void reset();

 private:
  struct Entry {
    Seconds posted{0};
    unsigned unsaid = 0;
  };
  const Seconds interval_;
  Mutex mutex_;
  std::map<std::string, Entry> entries_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::gst
