// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

namespace ekya::learner {

// TorchScript is a program, with all the rights of the process that loads it. Only for the helper
// ekya-check-torchscript and for files that check_torchscript() has passed and the user has opted in to.

/// Loads a regular file of at most 1 GiB in evaluation mode. Throws Refused, and what LibTorch throws.
torch::jit::Module load_module(const std::string& path);

/// Runs the module without a graph; throws Refused unless it gives a single tensor, which is returned as contiguous
/// float32.
at::Tensor run_module(const torch::jit::Module& module, const at::Tensor& images);

/// Runs it on zeros of shape [1, 3, input_size, input_size] and throws Refused unless the output is [1, outputs] (a
/// classifier) or [1, M, outputs] (a detector) and finite.
void probe_module(const torch::jit::Module& module, int input_size, int outputs);

}  // namespace ekya::learner
