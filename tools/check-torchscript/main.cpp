// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-check-torchscript FILE INPUT_SIZE OUTPUTS: loads a TorchScript file under limits and runs it once on zeros. Prints
// "ok" or the reason. TorchScript is a program: a pass means that it did no harm here, not that it can be trusted.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace {

constexpr off_t kLargestFile = off_t{1} << 30;

void limit(__rlimit_resource_t what, rlim_t most) {
  const rlimit value{most, most};
  setrlimit(what, &value);
}

[[noreturn]] void refuse(const std::string& reason) {
  std::printf("%s\n", reason.substr(0, 500).c_str());
  std::fflush(stdout);
  _exit(1);
}

/// A FIFO would block for ever, a device never end.
void check_file(const char* path) {
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 || fstat(fd, &status) != 0) refuse("it cannot be opened");
  close(fd);
  if (!S_ISREG(status.st_mode)) refuse("it is no regular file");
  if (status.st_size > kLargestFile) refuse("it has " + std::to_string(status.st_size) + " bytes, at most 1 GiB is read");
}

/// A classifier gives [1, outputs]; a detector (outputs 0) [1, M, columns].
void check_output(const c10::IValue& value, long outputs) {
  if (!value.isTensor()) refuse("its output is no tensor");
  const at::Tensor output = value.toTensor();
  const bool fits = outputs > 0 ? output.dim() == 2 && output.size(0) == 1 && output.size(1) == outputs
                                : output.dim() == 3 && output.size(0) == 1;
  if (!fits) {
    std::string shape;
    for (const auto size : output.sizes()) shape += (shape.empty() ? "" : ", ") + std::to_string(size);
    refuse("its output has the shape [" + shape + "], expected " +
           (outputs > 0 ? "[1, " + std::to_string(outputs) + "]" : "[1, M, columns]"));
  }
  if (!std::isfinite(output.to(at::kFloat).sum().item<double>())) refuse("its output on zeros is not finite");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) refuse("usage: ekya-check-torchscript FILE INPUT_SIZE OUTPUTS");
  limit(RLIMIT_CPU, 10);
  limit(RLIMIT_AS, rlim_t{6} << 30);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NPROC, 0);
  check_file(argv[1]);
  at::set_num_threads(1);
  try {
    torch::jit::Module module = torch::jit::load(argv[1], at::kCPU);
    module.eval();
    const c10::InferenceMode inference;
    const long side = std::strtol(argv[2], nullptr, 10);
    check_output(module.forward({at::zeros({1, 3, side, side})}), std::strtol(argv[3], nullptr, 10));
  } catch (const c10::Error& e) {
    refuse(e.what_without_backtrace());
  } catch (const std::exception& e) {
    refuse(e.what());
  }
  std::printf("ok\n");
  std::fflush(stdout);
  _exit(0);
}
