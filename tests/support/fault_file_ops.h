// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ekya/base/file_ops.h"

namespace ekya::testing {

enum class FaultKind {
  kIo,          ///< EIO.
  kFull,        ///< ENOSPC: nothing is written.
  kShortWrite,  ///< ENOSPC after half of the bytes; when it lasts, the half file stays because its removal fails too.
};

/// Which call fails. Calls count from 1.
struct Fault {
  std::size_t nth = 0;  ///< 0: none.
  bool for_ever = false;
  FaultKind kind = FaultKind::kIo;
};

/// One call that was made and succeeded.
struct FileCall {
  enum class Kind { kMakeFolder, kWrite, kWriteUnsynced, kRename, kSyncFolder, kRemove, kMark };
  Kind kind = Kind::kMark;
  std::string path, to;  ///< `to` of a rename; the words of a mark are in `path`.
  std::vector<std::byte> bytes;
};

/// Files of another FileOps, where the nth call fails, once or for ever; and a log of what was changed, to replay what
/// a power cut would leave. Not thread-safe.
class FaultFileOps : public FileOps {
 public:
  explicit FaultFileOps(FileOps& files = FileOps::system()) : files_(files) {}

  void set_fault(const Fault& fault) {
    fault_ = fault;
    calls_ = 0;
  }
  std::size_t calls() const { return calls_; }
  const std::vector<FileCall>& log() const { return log_; }
  /// Puts words of the test into the log.
  void mark(const std::string& words) { log_.push_back({FileCall::Kind::kMark, words, "", {}}); }

  Status make_folder(const std::string& path) override {
    return changing(path, {FileCall::Kind::kMakeFolder, path, "", {}}, [&] { return files_.make_folder(path); });
  }

  Status write_new(const std::string& path, std::span<const std::byte> bytes) override {
    if (fails()) return cut_short(path, bytes);
    return logged({FileCall::Kind::kWrite, path, "", {bytes.begin(), bytes.end()}}, files_.write_new(path, bytes));
  }

  Status write_new_unsynced(const std::string& path, std::span<const std::byte> bytes) override {
    if (fails()) return cut_short(path, bytes);
    return logged({FileCall::Kind::kWriteUnsynced, path, "", {bytes.begin(), bytes.end()}},
                  files_.write_new_unsynced(path, bytes));
  }

  Status rename(const std::string& from, const std::string& to) override {
    return changing(from, {FileCall::Kind::kRename, from, to, {}}, [&] { return files_.rename(from, to); });
  }

  Status sync_folder(const std::string& path) override {
    return changing(path, {FileCall::Kind::kSyncFolder, path, "", {}}, [&] { return files_.sync_folder(path); });
  }

  Status remove(const std::string& path) override {
    return changing(path, {FileCall::Kind::kRemove, path, "", {}}, [&] { return files_.remove(path); });
  }

  Result<std::vector<std::byte>> read(const std::string& path, std::size_t limit) override {
    if (fails()) return error(path);
    return files_.read(path, limit);
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    if (fails()) return error(path);
    return files_.list(path);
  }

 private:
  bool fails() {
    ++calls_;
    return fault_.nth != 0 && (calls_ == fault_.nth || (fault_.for_ever && calls_ > fault_.nth));
  }

  Error error(const std::string& path) const {
    const char* reason = fault_.kind == FaultKind::kIo ? "Input/output error" : "No space left on device";
    return {ErrorCode::kIo, "'" + path + "': " + reason + " (injected)"};
  }

  Status cut_short(const std::string& path, std::span<const std::byte> bytes) {
    if (fault_.kind == FaultKind::kShortWrite && files_.write_new(path, bytes.first(bytes.size() / 2)) &&
        !fault_.for_ever)
      static_cast<void>(files_.remove(path));
    return error(path);
  }

  Status logged(FileCall call, Status status) {
    if (status) log_.push_back(std::move(call));
    return status;
  }

  template <typename Work>
  Status changing(const std::string& path, FileCall call, Work work) {
    if (fails()) return error(path);
    return logged(std::move(call), work());
  }

  FileOps& files_;
  Fault fault_;
  std::size_t calls_ = 0;
  std::vector<FileCall> log_;
};

}  // namespace ekya::testing
