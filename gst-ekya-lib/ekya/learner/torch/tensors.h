// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <span>
#include <string>

#include "ekya/learner/model.h"
#include "ekya/learner/weights_file.h"
#include "network.h"

namespace ekya::learner {

/// Named tensors of a network or a file.
using State = std::map<std::string, at::Tensor>;

/// A tensor of our own memory as float32. Copies.
at::Tensor to_float(const Tensor& tensor);
/// Any float tensor as fp16 bytes: what checkpoints hold.
Tensor to_half(const at::Tensor& tensor);

/// Parameters and buffers by name, sharing memory with the network; without num_batches_tracked, which inference and
/// our training do not use.
State state_of(const Network& network);
/// Copies the file's tensors into the network. Throws Refused naming tensor, expected and found for a missing or surplus
/// tensor, a wrong shape or dtype, or a value that is not finite.
void load_state(Network& network, const std::map<std::string, Tensor>& tensors);
void copy_state(const Network& from, Network& to);

/// Whether all values are finite: the sum of finite values is (R10; 10 times faster than testing each).
bool all_finite(const at::Tensor& tensor);

/// Bytes [n, size, size, 3] → normalised floats [n, 3, size, size].
at::Tensor normalised(const at::Tensor& bytes, const device::Normalisation& normalisation);

}  // namespace ekya::learner
