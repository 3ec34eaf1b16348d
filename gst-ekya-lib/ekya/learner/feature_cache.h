// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ekya/base/file_ops.h"
#include "ekya/base/mutex.h"
#include "ekya/learner/feature_disk.h"
#include "ekya/learner/feature_segment.h"

namespace ekya::learner {

struct FeatureCacheLimits {
  std::size_t memory_bytes = std::size_t{64} << 20;  ///< Of entries in memory; the index takes about 80 more for each.
  std::size_t disk_bytes = std::size_t{256} << 20;   ///< Of all files; 0: nothing is kept on disk.
};

struct FeatureCacheCounts {
  std::size_t memory_bytes = 0, disk_bytes = 0;
  std::uint64_t hits = 0, misses = 0;
  std::uint64_t corrupt = 0;      ///< Entries on disk that did not check.
  std::uint64_t io_failures = 0;  ///< Calls that the operating system refused.
  std::string last_failure;       ///< In words; empty: none.
};

/// What frozen trunks gave for samples, as half-precision numbers in memory and on disk, for all jobs and streams whose
/// models have the same trunk (Classifier::trunk_hash()). No failure reaches the caller: what cannot be read or does
/// not check is a miss, what cannot be written stays in memory. In memory the entry that was used longest ago goes
/// first, on disk the trunk's. Thread-safe; a call may wait for the disk, so a streaming thread makes none.
class FeatureCache {
 public:
  /// The process's one object for a folder; with the limits of whoever came first. An empty folder: one in memory only,
  /// of the caller's own; so is one whose folder cannot be used, see counts().last_failure.
  static std::shared_ptr<FeatureCache> open(const std::string& folder, const FeatureCacheLimits& limits = {},
                                            FileOps& files = FileOps::system());
  /// flush()es.
  ~FeatureCache();
  FeatureCache(const FeatureCache&) = delete;
  FeatureCache& operator=(const FeatureCache&) = delete;

  /// [features], or nothing. trunk: 64 hex digits.
  std::optional<std::vector<float>> find(const std::string& trunk, const SampleKey& sample);
  /// Keeps values [features], 1 to 65536 of them, rounded to half precision. Values beyond its range, or as many as the
  /// trunk has not, are not kept.
  void store(const std::string& trunk, const SampleKey& sample, std::span<const float> values);
  /// Writes what is not yet on disk; store() does so once there is enough for a file.
  void flush();
  FeatureCacheCounts counts() const;

 private:
  struct Entry;
  using Entries = std::list<Entry>;
  struct Trunk {
    std::size_t features = 0;  ///< 0: not known yet.
    std::unordered_map<SampleKey, Entries::iterator, SampleKeyHash> in_memory;
    std::unordered_map<SampleKey, std::uint64_t, SampleKeyHash> on_disk;  ///< Segment's number; kPending.
    std::vector<std::byte> pending;                                       ///< A segment that grows.
  };
  using Trunks = std::map<std::string, Trunk>;
  struct Entry {
    Trunks::iterator trunk;
    FeatureRecord record;
  };

  FeatureCache(const std::string& folder, const FeatureCacheLimits& limits, FileOps& files);
  Trunks::iterator trunk_of(const std::string& hash) EKYA_REQUIRES(mutex_);
  void keep(Trunks::iterator trunk, FeatureRecord record) EKYA_REQUIRES(mutex_);
  void evict(std::size_t room) EKYA_REQUIRES(mutex_);
  void load(Trunks::iterator trunk, std::uint64_t number, const SampleKey* wanted) EKYA_REQUIRES(mutex_);
  void write_pending() EKYA_REQUIRES(mutex_);
  void forget_unused() EKYA_REQUIRES(mutex_);
  void failed(const Error& error) EKYA_REQUIRES(mutex_);

  const FeatureCacheLimits limits_;
  mutable Mutex mutex_;
  std::optional<FeatureDisk> disk_ EKYA_GUARDED_BY(mutex_);
  Trunks trunks_ EKYA_GUARDED_BY(mutex_);
  Entries entries_ EKYA_GUARDED_BY(mutex_);  ///< The one used last is in front.
  std::size_t pending_bytes_ EKYA_GUARDED_BY(mutex_) = 0;
  FeatureCacheCounts counts_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::learner
