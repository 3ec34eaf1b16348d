// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace ekya::testing {

/// Paths below `folder` that are no file to read, with this end of their names: a naive open() or read() of one blocks
/// for ever, never ends or fills the memory.
inline std::vector<std::string> hostile_files(const std::string& folder, const std::string& end) {
  const std::string path = folder + "/";
  const auto check = [](bool made) {
    if (!made) throw std::runtime_error("cannot make a hostile file");
  };
  check(::mkfifo((path + "fifo" + end).c_str(), 0600) == 0);
  std::filesystem::create_directory(path + "folder" + end);
  std::filesystem::create_symlink("/dev/zero", path + "zeros" + end);
  std::filesystem::create_symlink("loop" + end, path + "loop" + end);
  std::ofstream(path + "sparse" + end).flush();
  std::filesystem::resize_file(path + "sparse" + end, 10'000'000'000);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (path + "socket" + end).c_str(), sizeof address.sun_path - 1);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
  check(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(descriptor);
  std::vector<std::string> paths;
  for (const char* name : {"fifo", "folder", "zeros", "loop", "sparse", "socket"}) paths.push_back(path + name + end);
  return paths;
}

/// Names that could become a path, an escape or markup; a stream id is none of them.
inline std::vector<std::string> hostile_names() {
  return {"../x", "a/b", ".", "", "a b", "a\n", "\x1b[31m", "<script>", "%2e%2e", "caf\xc3\xa9", std::string(300, 'a')};
}

}  // namespace ekya::testing
