// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ekya/base/file_ops.h"

namespace ekya::learner {

/// The folder of a FeatureCache: segments (feature_segment.h), each in a file of its own that is written once and
/// without a sync, because a record that a power cut tore does not check and is computed again. A file is named
/// NUMBER-TRUNK-BYTES.features; others are left alone. One thread at a time.
class FeatureDisk {
 public:
  /// Files are 0600, the folder 0700. Touches no file before open().
  FeatureDisk(std::string folder, std::size_t limit, FileOps& files);

  /// Makes, locks and lists the folder, and removes what is above the limit. Errors: kBusy, kIo and those of FileOps.
  Status open();
  /// Numbers (above 0) of a trunk's segments, oldest first.
  std::vector<std::uint64_t> segments(const std::string& trunk) const;
  bool has(std::uint64_t number) const { return segments_.count(number) > 0; }
  /// Segments of the trunk that was used longest ago go first; within it, the oldest.
  void use(const std::string& trunk) { used_[trunk] = ++uses_; }
  /// Nobody has it any more.
  void forget(const std::string& trunk) { used_.erase(trunk); }

  /// Makes room and writes; gives the new segment's number. With an error nothing is there that counts.
  Result<std::uint64_t> write(const std::string& trunk, std::span<const std::byte> segment);
  Result<std::vector<std::byte>> read(std::uint64_t number);
  Status remove(std::uint64_t number);

  /// Of all segments, never above the limit.
  std::size_t bytes() const { return bytes_; }

 private:
  struct Segment {
    std::string trunk;
    std::size_t bytes = 0;
  };
  std::string path(std::uint64_t number, const Segment& segment) const;
  void adopt(const std::string& name);
  Status make_room(std::size_t bytes);

  std::string folder_;
  std::size_t limit_;
  FileOps& files_;
  std::unique_ptr<FolderLock> lock_;
  std::map<std::uint64_t, Segment> segments_;
  std::map<std::string, std::uint64_t> used_;  ///< By trunk: when it was used last.
  std::uint64_t uses_ = 0, last_number_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace ekya::learner
