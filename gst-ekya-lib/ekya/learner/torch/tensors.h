// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "ekya/device/preprocess.h"
#include "ekya/learner/weights_file.h"

namespace ekya::learner {

/// A tensor of a file as float32; copies. Throws Refused for another shape or dtype than expected and for values that
/// are not finite, naming the tensor.
at::Tensor from_stored(const std::string& name, const Tensor& stored, at::IntArrayRef expected);

/// A tensor as a file holds it: matrices and kernels as F16, which halves the file, the rest as F32, because a running
/// variance may be beyond F16's range; F32 too where a weight is. Throws Refused if a value is not finite.
Tensor to_stored(const std::string& name, const at::Tensor& tensor);

/// Whether all values are finite: then their sum is (R10; 10 times faster than testing each).
bool all_finite(const at::Tensor& tensor);

/// Bytes [n, size, size, 3] to normalised floats [n, 3, size, size].
at::Tensor normalised(const at::Tensor& bytes, const device::Normalisation& normalisation);

}  // namespace ekya::learner
