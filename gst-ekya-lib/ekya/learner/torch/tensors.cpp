// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tensors.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <c10/util/StringUtil.h>

#include <cmath>
#include <cstring>

#include "attempt.h"

namespace ekya::learner {
namespace {

constexpr double kLargestHalf = 65504;

bool fits_half(const at::Tensor& tensor) {
  return tensor.dim() > 1 && tensor.numel() > 0 && tensor.abs().max().item<double>() <= kLargestHalf;
}

at::Tensor per_channel(const std::array<float, 3>& values) {
  return at::tensor({values[0], values[1], values[2]}).view({1, 3, 1, 1});
}

}  // namespace

at::Tensor from_stored(const std::string& name, const Tensor& stored, at::IntArrayRef expected) {
  if (stored.dtype == DType::kI64) refuse(ErrorCode::kCorrupt, "tensor " + name + ": expected F32 or F16, found I64");
  if (at::IntArrayRef(stored.shape) != expected)
    refuse(ErrorCode::kCorrupt, "tensor " + name + ": expected shape " + c10::str(expected) + ", found " +
                                    c10::str(at::IntArrayRef(stored.shape)));
  const at::Tensor copy = at::empty(expected, stored.dtype == DType::kF16 ? at::kHalf : at::kFloat);
  if (stored.data.size() != copy.nbytes())
    refuse(ErrorCode::kCorrupt, "tensor " + name + ": expected " + std::to_string(copy.nbytes()) + " bytes, found " +
                                    std::to_string(stored.data.size()));
  std::memcpy(copy.mutable_data_ptr(), stored.data.data(), stored.data.size());
  const at::Tensor value = copy.to(at::kFloat);
  if (!all_finite(value)) refuse(ErrorCode::kCorrupt, "tensor " + name + " has a value that is not finite");
  return value;
}

Tensor to_stored(const std::string& name, const at::Tensor& tensor) {
  if (!all_finite(tensor)) refuse(ErrorCode::kInternal, "tensor " + name + " has a value that is not finite");
  const bool half = fits_half(tensor);
  const at::Tensor value = tensor.detach().to(half ? at::kHalf : at::kFloat).contiguous();
  Tensor stored{half ? DType::kF16 : DType::kF32, value.sizes().vec(), std::vector<std::byte>(value.nbytes())};
  std::memcpy(stored.data.data(), value.const_data_ptr(), stored.data.size());
  return stored;
}

bool all_finite(const at::Tensor& tensor) { return std::isfinite(tensor.detach().sum().item<double>()); }

at::Tensor normalised(const at::Tensor& bytes, const device::Normalisation& normalisation) {
  const at::Tensor values = bytes.permute({0, 3, 1, 2}).to(at::kFloat).div_(255);
  return values.sub_(per_channel(normalisation.mean)).div_(per_channel(normalisation.std)).contiguous();
}

}  // namespace ekya::learner
