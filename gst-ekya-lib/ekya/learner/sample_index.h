// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ekya/base/result.h"

namespace ekya::learner {

/// At most one sample in so many is held back once the store is full.
inline constexpr std::size_t kHeldBackPart = 4;

/// What the index knows of one crop.
struct SampleRow {
  std::int64_t id = 0;
  std::string label;
  double confidence = 1;
  std::uint64_t window = 0;
  std::int64_t pts_ns = -1;
  int size = 0;
  bool held_back = false;
  std::string digest;       ///< SHA-256 of the JPEG file, 32 bytes.
  std::optional<int> rank;  ///< Of an exemplar: its place among those of its class and window, from 0.
};

/// The SQLite index of a sample store. Every change is a transaction of its own. Not thread-safe.
/// Errors of all functions: kIo (also a full disk), kCorrupt, kResource, with SQLite's words.
class SampleIndex {
 public:
  /// Opens `path`, an index of ours or an empty file; one of an earlier release is brought to this one's form without
  /// loss. Errors: also kInvalidArgument for a file of another kind, which is told from a damaged index of ours
  /// (kCorrupt) by its first page.
  static Result<std::unique_ptr<SampleIndex>> open(const std::string& path);
  virtual ~SampleIndex() = default;

  /// Adds a row, calls `write_crop`, and takes out what is over `most`; gives the ids of those. When anything fails,
  /// `write_crop` too, the index is as before.
  virtual Result<std::vector<std::int64_t>> add(const SampleRow& row, std::size_t most,
                                                const std::function<Status()>& write_crop) = 0;
  /// Takes out what is over `most`; gives the ids.
  virtual Result<std::vector<std::int64_t>> shrink(std::size_t most) = 0;
  /// Whether it was there.
  virtual Result<bool> remove(std::int64_t id) = 0;
  /// Makes the ranks those of `rows`; rows that are gone are left out.
  virtual Status set_ranks(const std::vector<SampleRow>& rows) = 0;

  /// Newest first.
  virtual Result<std::vector<SampleRow>> rows(bool held_back) const = 0;
  virtual Result<std::set<std::int64_t>> ids() const = 0;
  virtual Result<std::map<std::string, std::size_t>> count_by_label(std::uint64_t min_window) const = 0;
  virtual Result<std::uint64_t> last_window() const = 0;
};

}  // namespace ekya::learner
