// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace ekya::testing {

/// No file grows beyond `bytes` while this lives: write() fails with EFBIG, as on a full disk. The test ignores the
/// signal; the project never touches signal dispositions.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  sighandler_t old_handler_;
  rlimit old_{};
};

/// For root, whom no permission stops: acts as nobody while this lives, and owns `folder` as nobody.
class WithoutRoot {
 public:
  explicit WithoutRoot(const std::string& folder) : was_root_(::geteuid() == 0) {
    if (!was_root_) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) give_away(entry.path());
    give_away(folder);
    if (::setegid(kNobody) != 0 || ::seteuid(kNobody) != 0) ::abort();
  }
  ~WithoutRoot() {
    if (was_root_ && (::seteuid(0) != 0 || ::setegid(0) != 0)) ::abort();
  }
  WithoutRoot(const WithoutRoot&) = delete;
  WithoutRoot& operator=(const WithoutRoot&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  static void give_away(const std::string& path) {
    if (::lchown(path.c_str(), kNobody, kNobody) != 0) ::abort();
  }
  bool was_root_;
};

}  // namespace ekya::testing
