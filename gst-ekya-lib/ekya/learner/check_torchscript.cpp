// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/base/printable.h"
#include "ekya/learner/model.h"

extern char** environ;

namespace ekya::learner {
namespace {

constexpr Seconds kTimeLimit{10};

std::string helper_path() {
  const char* folder = secure_getenv("EKYA_HELPER_DIR");
  return std::string(folder && *folder ? folder : EKYA_HELPER_DIR) + "/ekya-check-torchscript";
}

/// The helper while it runs. It is dead and reaped when this goes.
class Helper {
 public:
  Helper() = default;
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  ~Helper() {
    if (output_ >= 0) close(output_);
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  /// posix_spawn, never fork: a forked child of a process that has used OpenMP deadlocks in LibTorch.
  Status start(const std::vector<std::string>& arguments);
  /// What it says until it closes its output; empty past the deadline and when told to stop.
  std::string listen(Seconds deadline, const std::stop_token& stop);
  /// Whether it ends with exit status 0 before the deadline and before it is told to stop.
  bool ends_well(Seconds deadline, const std::stop_token& stop);

 private:
  pid_t child_ = 0;
  int output_ = -1;
};

Status Helper::start(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return Error{ErrorCode::kResource, std::string("no pipe to the TorchScript helper: ") + strerror(errno)};
  output_ = ends[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int failed = posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (!failed) return {};
  child_ = 0;
  return Error{ErrorCode::kUnavailable, "the helper that checks TorchScript files could not be started from " +
                                            arguments[0] + ": " + strerror(failed) +
                                            "; install it there, or set EKYA_HELPER_DIR to its folder"};
}

std::string Helper::listen(Seconds deadline, const std::stop_token& stop) {
  constexpr std::size_t kLongest = 4096;
  std::string text;
  while (text.size() < kLongest) {
    if (stop.stop_requested() || steady_now() >= deadline) return {};
    pollfd waiting{output_, POLLIN, 0};
    constexpr int kLookUpMs = 20;
    if (poll(&waiting, 1, kLookUpMs) <= 0) continue;
    char buffer[512];
    const ssize_t got = read(output_, buffer, sizeof buffer);
    if (got == 0) break;
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

bool Helper::ends_well(Seconds deadline, const std::stop_token& stop) {
  while (steady_now() < deadline && !stop.stop_requested()) {
    int status = 0;
    const pid_t ended = waitpid(child_, &status, WNOHANG);
    if (ended == child_ || (ended < 0 && errno == ECHILD)) {
      child_ = 0;
      return ended < 0 ||
             (WIFEXITED(status) && WEXITSTATUS(status) == 0);  // A host that ignores SIGCHLD: its words count.
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // It has closed its output: it is about to end.
  }
  return false;
}

std::string reason_in(const std::string& said) {
  const auto answer = nlohmann::json::parse(said, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return "it crashed the helper that checks it, or ran past its limits of memory or files";
  if (answer.value("ok", nlohmann::json()) == true) return {};
  const auto reason = answer.value("reason", nlohmann::json());
  return reason.is_string() ? printable(reason.get<std::string>(), 500) : "no reason given";
}

}  // namespace

Status check_torchscript(const std::string& path, int input_size, int outputs, std::stop_token stop) {
  const Seconds deadline = steady_now() + kTimeLimit;
  Helper helper;
  if (Status started = helper.start({helper_path(), path, std::to_string(input_size), std::to_string(outputs)});
      !started)
    return started;
  const std::string said = helper.listen(deadline, stop);
  const bool ended_well = helper.ends_well(deadline, stop);
  if (stop.stop_requested()) return Error{ErrorCode::kCancelled, printable(path, 1024) + ": the check was cancelled"};
  if (steady_now() >= deadline)
    return Error{ErrorCode::kCancelled,
                 printable(path, 1024) + " was refused: it did not load and run once within 10 s"};
  const std::string reason = reason_in(said);
  if (!reason.empty()) return Error{ErrorCode::kCorrupt, printable(path, 1024) + " was refused: " + reason};
  if (!ended_well)
    return Error{ErrorCode::kCorrupt, printable(path, 1024) + " was refused: it crashed the helper that checks it"};
  return {};
}

}  // namespace ekya::learner
