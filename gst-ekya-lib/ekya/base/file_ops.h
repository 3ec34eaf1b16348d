// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ekya/base/result.h"

namespace ekya {

/// File operations that must survive a full disk, an I/O error or a crash go through here, so that tests can fail the
/// nth of them. Thread-safe. Every error message names the path and the operating system's reason.
class FileOps {
 public:
  virtual ~FileOps() = default;
  /// The real file system.
  static FileOps& system();

  /// Creates the folder (0700) and its parents. Fine if it is there.
  virtual Status make_folder(const std::string& path) = 0;
  /// Creates `path` (0600, O_EXCL, O_NOFOLLOW), writes all bytes, syncs and closes; removes it again on failure.
  virtual Status write_new(const std::string& path, std::span<const std::byte> bytes) = 0;
  /// write_new() without the sync: some milliseconds faster, and a power cut may leave an empty or torn file.
  virtual Status write_new_unsynced(const std::string& path, std::span<const std::byte> bytes) {
    return write_new(path, bytes);
  }
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status sync_folder(const std::string& path) = 0;
  virtual Status remove(const std::string& path) = 0;
  /// Reads a regular file of at most `limit` bytes; follows no link, blocks on no FIFO.
  virtual Result<std::vector<std::byte>> read(const std::string& path, std::size_t limit) = 0;
  /// Names of the entries, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
};

/// Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the folder: after a crash there is
/// the old file or the new one, whole.
Status replace_file(FileOps& files, const std::string& path, std::span<const std::byte> bytes);

/// An advisory lock on a folder (flock on `<folder>/lock`), held as long as this lives.
class FolderLock {
 public:
  /// Errors: kBusy when another process or object holds it; kIo.
  static Result<std::unique_ptr<FolderLock>> take(const std::string& folder);
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace ekya
