// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torchscript_file.h"

#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/StringUtil.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <torch/csrc/jit/serialization/import.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "attempt.h"

namespace ekya::learner {
namespace {

/// An open file. A FIFO does not block it and a device is refused.
class ModelFile {
 public:
  explicit ModelFile(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) {
    constexpr off_t kLargest = off_t{1} << 30;
    struct stat status {};
    if (fd_ < 0 || fstat(fd_, &status) != 0)
      refuse(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
             "it cannot be opened: " + std::string(strerror(errno)));
    if (!S_ISREG(status.st_mode)) refuse(ErrorCode::kInvalidArgument, "it is no regular file");
    if (status.st_size > kLargest)
      refuse(ErrorCode::kInvalidArgument, "it has " + std::to_string(status.st_size) + " bytes, more than 1 GiB");
  }
  ~ModelFile() { close(fd_); }
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;

  /// Of the file that was checked, whatever has become of its name since.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace

torch::jit::Module load_module(const std::string& path) {
  const ModelFile file(path);
  torch::jit::Module module = torch::jit::load(file.path(), at::kCPU);
  module.eval();
  return module;
}

at::Tensor run_module(const torch::jit::Module& module, const at::Tensor& images) {
  torch::jit::Module same = module;  // forward() is not const; the copy shares everything.
  const c10::IValue output = same.forward({images});
  if (!output.isTensor())
    refuse(ErrorCode::kInternal, "the model's output is a " + output.tagKind() + ", expected a Tensor");
  return output.toTensor().to(at::kFloat).contiguous();
}

void probe_module(const torch::jit::Module& module, int input_size, int outputs) {
  const c10::InferenceMode inference;
  const at::Tensor output = run_module(module, at::zeros({1, 3, input_size, input_size}));
  const auto dimensions = output.dim();
  if ((dimensions != 2 && dimensions != 3) || output.size(0) != 1 || output.size(dimensions - 1) != outputs)
    refuse(ErrorCode::kInvalidArgument,
           "the model's output on one image has shape " + c10::str(output.sizes()) + ", expected [1, " +
               std::to_string(outputs) + "] of a classifier or [1, M, " + std::to_string(outputs) + "] of a detector");
  if (!std::isfinite(output.sum().item<double>()))
    refuse(ErrorCode::kInvalidArgument, "the model's output on a black image is not finite");
}

}  // namespace ekya::learner
