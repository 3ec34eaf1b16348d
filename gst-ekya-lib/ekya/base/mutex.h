// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define EKYA_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define EKYA_THREAD_ANNOTATION(x)
#endif
#define EKYA_GUARDED_BY(x) EKYA_THREAD_ANNOTATION(guarded_by(x))
#define EKYA_REQUIRES(...) EKYA_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EKYA_EXCLUDES(...) EKYA_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace ekya {

/// std::mutex that clang's thread safety analysis and ThreadSanitizer both see.
class EKYA_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() EKYA_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() EKYA_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope. It is a BasicLockable, so std::condition_variable_any can wait on it.
class EKYA_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) EKYA_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() EKYA_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() EKYA_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() EKYA_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

using Condition = std::condition_variable_any;

}  // namespace ekya
