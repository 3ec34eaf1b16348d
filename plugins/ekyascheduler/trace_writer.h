// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "ekya/base/mutex.h"
#include "ekya/base/result.h"

namespace ekya::gst {

/// Writes lines to a file from a thread of its own, so that a slow disk delays nobody. What does not fit into the queue
/// is dropped and counted. Thread-safe.
class TraceWriter {
 public:
  /// Told once, from the writer's thread, when the file can no longer be written; nothing is written from then on.
  using OnFailure = std::function<void(const std::string&)>;

  /// Makes the file (0600) or empties it. Errors: kIo with the path and the system's reason.
  static Result<std::unique_ptr<TraceWriter>> open(const std::string& path, OnFailure on_failure);
  /// Writes what is queued, then closes.
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  /// Queues the line and a line's end; never blocks on the disk.
  void write(const char* line);
  std::uint64_t lines() const { return lines_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  TraceWriter(std::string path, int fd, OnFailure on_failure);
  void run();
  bool write_all(const std::string& bytes) const;

  const std::string path_;
  const int fd_;
  const OnFailure on_failure_;
  std::atomic<std::uint64_t> lines_{0}, dropped_{0};
  Mutex mutex_;
  Condition wake_;
  std::string queue_ EKYA_GUARDED_BY(mutex_);
  bool failed_ EKYA_GUARDED_BY(mutex_) = false;
  bool closing_ EKYA_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ekya::gst
