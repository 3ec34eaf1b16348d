// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/file_ops.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "ekya/base/printable.h"

namespace ekya {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case ELOOP:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
      return ErrorCode::kInvalidArgument;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ErrorCode::kResource;
    default:
      return ErrorCode::kIo;
  }
}

Error failure(const std::string& what, const std::string& path, int number) {
  return {code_of(number), what + " '" + printable(path, 4096) + "': " + std::system_category().message(number)};
}

/// Repeats a call that a signal interrupted.
template <typename Call>
auto retried(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Descriptor open_file(const std::string& path, int flags) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer; O_NOCTTY: a terminal must not become ours.
  return Descriptor(
      retried([&] { return ::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, kFileMode); }));
}

/// A slash at the end would make O_NOFOLLOW follow a link.
std::string without_end_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : without_end_slash(path.substr(0, slash));
}

Status write_all(int fd, const std::string& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = retried([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (count <= 0) return failure("cannot write", path, count < 0 ? errno : EIO);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

/// Reads up to bytes.size() and cuts `bytes` to what there was.
Status read_all(int fd, const std::string& path, std::vector<std::byte>& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = retried([&] { return ::read(fd, bytes.data() + done, bytes.size() - done); });
    if (count < 0) return failure("cannot read", path, errno);
    if (count == 0) break;  // Somebody cut the file meanwhile.
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return {};
}

class SystemFileOps final : public FileOps {
 public:
  Status make_folder(const std::string& given) override {
    const std::string path = without_end_slash(given);
    if (::mkdir(path.c_str(), kFolderMode) == 0) return sync_folder(parent_of(path));
    if (errno == ENOENT && parent_of(path) != path) {
      if (auto made = make_parents(parent_of(path)); !made) return made;
      // Once more, not for ever: /proc and its like say ENOENT for a folder whose parent is there.
      if (::mkdir(path.c_str(), kFolderMode) == 0) return sync_folder(parent_of(path));
    }
    if (errno != EEXIST) return failure("cannot make the folder", path, errno);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return failure("cannot look at the folder", path, errno);
    if (S_ISDIR(status.st_mode)) return {};
    return Error{ErrorCode::kInvalidArgument,
                 "'" + printable(path, 4096) +
                     (S_ISLNK(status.st_mode) ? "' is a symbolic link; give the folder itself" : "' is not a folder")};
  }

  Status write_new(const std::string& path, std::span<const std::byte> bytes) override {
    return write(path, bytes, /*sync=*/true);
  }

  Status write_new_unsynced(const std::string& path, std::span<const std::byte> bytes) override {
    return write(path, bytes, /*sync=*/false);
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return failure("cannot rename '" + printable(from, 4096) + "' to", to, errno);
  }

  Status sync_folder(const std::string& path) override {
    // Not O_NOFOLLOW: the parent of a state folder may well be reached through a link.
    const Descriptor folder(retried([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (!folder) return failure("cannot open the folder", path, errno);
    if (retried([&] { return ::fsync(folder.get()); }) != 0) return failure("cannot sync the folder", path, errno);
    return {};
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return {};
    return failure("cannot remove", path, errno);
  }

  Result<std::vector<std::byte>> read(const std::string& path, std::size_t limit) override {
    const Descriptor file = open_file(path, O_RDONLY);
    if (!file && errno == ELOOP)
      return Error{ErrorCode::kCorrupt, "'" + printable(path, 4096) + "' is a symbolic link; give the file itself"};
    if (!file) return failure("cannot open", path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return failure("cannot look at", path, errno);
    if (!S_ISREG(status.st_mode))
      return Error{ErrorCode::kCorrupt, "'" + printable(path, 4096) + "' is not a regular file"};
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > limit)
      return Error{ErrorCode::kCorrupt, "'" + printable(path, 4096) + "' has " + std::to_string(size) +
                                            " bytes; at most " + std::to_string(limit) + " are read"};
    std::vector<std::byte> bytes(size);
    if (auto done = read_all(file.get(), path, bytes); !done) return done.error();
    return bytes;
  }

  Result<std::vector<std::string>> list(const std::string& given) override {
    const std::string path = without_end_slash(given);
    Descriptor folder = open_file(path, O_RDONLY | O_DIRECTORY);
    if (!folder) return failure("cannot open the folder", path, errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(folder.get()), ::closedir);
    if (!stream) return failure("cannot list the folder", path, errno);
    folder.release();  // closedir() closes it now.
    std::vector<std::string> names;
    errno = 0;
    for (const dirent* entry = ::readdir(stream.get()); entry; errno = 0, entry = ::readdir(stream.get())) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return failure("cannot list the folder", path, errno);
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  Status write(const std::string& path, std::span<const std::byte> bytes, bool sync) {
    Descriptor file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
    if (!file) return failure("cannot create", path, errno);
    Status written = write_all(file.get(), path, bytes);
    if (written && sync && retried([&] { return ::fsync(file.get()); }) != 0)
      written = failure("cannot sync", path, errno);
    // The descriptor is gone after close() whatever it returns, so close() is not repeated.
    if (::close(file.release()) != 0 && errno != EINTR && written) written = failure("cannot close", path, errno);
    if (!written) ::unlink(path.c_str());
    return written;
  }

  /// Parents may be links, unlike the folder itself.
  Status make_parents(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return {};
    return make_folder(path);
  }
};

}  // namespace

FileOps& FileOps::system() {
  static SystemFileOps files;
  return files;
}

Status replace_file(FileOps& files, const std::string& path, std::span<const std::byte> bytes) {
  const std::string temporary = path + ".tmp";
  // One that a crash left, or a link that somebody planted: remove() takes the link, not its target.
  if (auto removed = files.remove(temporary); !removed && removed.error().code != ErrorCode::kNotFound) return removed;
  if (auto written = files.write_new(temporary, bytes); !written) return written;
  if (auto renamed = files.rename(temporary, path); !renamed) {
    static_cast<void>(files.remove(temporary));  // The first failure is the one to report.
    return renamed;
  }
  return files.sync_folder(parent_of(path));
}

Result<std::unique_ptr<FolderLock>> FolderLock::take(const std::string& given) {
  const std::string folder = without_end_slash(given);
  const std::string path = folder + "/lock";
  const Descriptor opened = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!opened) return failure("cannot open the folder", folder, errno);
  Descriptor file(retried([&] {
    return ::openat(opened.get(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, kFileMode);
  }));
  if (!file) return failure("cannot open the lock", path, errno);
  if (retried([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) == 0)
    return std::unique_ptr<FolderLock>(new FolderLock(file.release()));
  if (errno != EWOULDBLOCK) return failure("cannot lock", path, errno);
  return Error{ErrorCode::kBusy, "the folder '" + printable(folder, 4096) +
                                     "' is in use by another element or process; give each stream its own folder"};
}

FolderLock::~FolderLock() { ::close(fd_); }

}  // namespace ekya
