// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/learner/model.h"

extern char** environ;

namespace ekya::learner {
namespace {

constexpr Seconds kTimeLimit{10};

std::string helper_path() {
  const char* folder = std::getenv("EKYA_HELPER_DIR");
  return std::string(folder && *folder ? folder : EKYA_HELPER_DIR) + "/ekya-check-torchscript";
}

/// Starts the helper with its output in a pipe. posix_spawn, never fork: a forked child of a process that has used
/// OpenMP deadlocks in LibTorch.
Result<pid_t> start(const std::vector<std::string>& arguments, int output[2]) {
  if (pipe2(output, O_CLOEXEC) != 0) return Error{ErrorCode::kResource, "no pipe for the TorchScript helper"};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const int failed = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  if (!failed) return child;
  close(output[0]);
  return Error{ErrorCode::kUnavailable, "the helper " + arguments[0] + " that checks TorchScript files could not be started; "
                                        "EKYA_HELPER_DIR may name its folder"};
}

/// What the helper says, until it closes its output; empty past the deadline.
std::string listen(int output, Seconds deadline, bool& in_time) {
  constexpr std::size_t kLongest = 4096;
  std::string text;
  char buffer[512];
  for (in_time = true; text.size() < kLongest;) {
    pollfd waiting{output, POLLIN, 0};
    const double left = (deadline - steady_now()).count();
    if (left <= 0 || poll(&waiting, 1, static_cast<int>(left * 1000) + 1) == 0) {
      in_time = steady_now() < deadline;
      if (!in_time) break;
      continue;
    }
    const ssize_t got = read(output, buffer, sizeof buffer);
    if (got <= 0) break;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

Status check_torchscript(const std::string& path, int input_size, int outputs) {
  int output[2];
  auto child = start({helper_path(), path, std::to_string(input_size), std::to_string(outputs)}, output);
  if (!child) return child.error();
  bool in_time = true;
  std::string said = listen(output[0], steady_now() + kTimeLimit, in_time);
  close(output[0]);
  kill(*child, SIGKILL);  // It has closed its output or is out of time.
  int status = 0;
  while (waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time)
    return Error{ErrorCode::kCancelled, path + " did not load and run once within 10 s; it was refused"};
  if (said.starts_with("ok")) return {};
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return Error{ErrorCode::kCorrupt, path + " was refused: " + (said.empty() ? "it crashed the helper that checks it" : said)};
}

}  // namespace ekya::learner
