// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <utility>

#include "ekya/base/mutex.h"

namespace ekya {

/// A value that one thread replaces while others read it: a reader takes a snapshot that stays whole as long as it
/// is held. Thread-safe; the lock is held for one pointer copy. The old value dies in whichever thread lets it go
/// last, so a writer that must not free in a streaming thread keeps the value that exchange() returns for a while.
/// (Not std::atomic<std::shared_ptr>: ThreadSanitizer reports a race inside GCC 12's.)
template <typename T>
class Published {
 public:
  Published() = default;
  explicit Published(std::shared_ptr<T> value) : value_(std::move(value)) {}

  std::shared_ptr<T> snapshot() const {
    MutexLock lock(mutex_);
    return value_;
  }

  std::shared_ptr<T> exchange(std::shared_ptr<T> value) {
    MutexLock lock(mutex_);
    std::swap(value_, value);
    return value;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<T> value_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya
