// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-check-torchscript FILE INPUT_SIZE OUTPUTS: loads a TorchScript file under limits and runs it once on zeros; see
// check_torchscript() in learner/model.h. Prints one line of JSON: {"ok":true} or {"ok":false,"reason":"..."}.
#include <ATen/Parallel.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ekya/learner/torch/attempt.h"
#include "ekya/learner/torch/torchscript_file.h"

namespace {

using ekya::Error;
using ekya::ErrorCode;
using ekya::Status;

/// LibTorch itself maps 1.4 GiB, most of it never touched.
constexpr rlim_t kAddressSpace = rlim_t{4} << 30;
constexpr rlim_t kFiles = 64;

Status limit(__rlimit_resource_t what, rlim_t most) {
  const rlimit value{most, most};
  if (setrlimit(what, &value) == 0) return {};
  return Error{ErrorCode::kInternal, std::string("the helper could not limit itself: ") + strerror(errno)};
}

Status limit_all() {
  for (const auto& [what, most] :
       {std::pair{RLIMIT_CPU, rlim_t{10}}, std::pair{RLIMIT_AS, kAddressSpace}, std::pair{RLIMIT_FSIZE, rlim_t{0}},
        std::pair{RLIMIT_CORE, rlim_t{0}}, std::pair{RLIMIT_NOFILE, kFiles}})
    if (Status limited = limit(what, most); !limited) return limited;
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return {};
}

int number(std::string_view text) {
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value < 1)
    ekya::learner::refuse(ErrorCode::kInvalidArgument, "'" + std::string(text) + "' is no number above 0");
  return value;
}

Status check(int argc, char** argv) {
  if (Status limited = limit_all(); !limited) return limited;
  return ekya::learner::attempt("check", [&] {
    if (argc != 4)
      ekya::learner::refuse(ErrorCode::kInvalidArgument, "usage: ekya-check-torchscript FILE INPUT_SIZE OUTPUTS");
    at::set_num_threads(1);
    ekya::learner::probe_module(ekya::learner::load_module(argv[1]), number(argv[2]), number(argv[3]));
  });
}

}  // namespace

int main(int argc, char** argv) {
  close_range(3, ~0U, 0);  // Whatever the application left open is none of the program's business.
  // The program under test may print: its words must not be taken for ours.
  const int answer = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (answer < 0 || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0) return 2;
  const Status checked = check(argc, argv);
  nlohmann::json line{{"ok", static_cast<bool>(checked)}};
  if (!checked) line["reason"] = checked.error().message;
  const std::string text = line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  const bool written = write(answer, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  _exit(written && checked ? 0 : 1);  // Not exit(): nothing of the program's runs any more.
}
