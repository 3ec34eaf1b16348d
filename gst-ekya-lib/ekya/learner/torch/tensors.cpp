// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tensors.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <torch/utils.h>

#include <cmath>
#include <cstring>
#include <sstream>

#include "attempt.h"

namespace ekya::learner {
namespace {

constexpr const char* kIgnored = "num_batches_tracked";

bool ignored(const std::string& name) { return name.ends_with(kIgnored); }

std::string shape_text(at::IntArrayRef shape) {
  std::ostringstream text;
  text << shape;
  return text.str();
}

}  // namespace

at::Tensor to_float(const Tensor& tensor) {
  if (tensor.dtype == DType::kI64) refuse(ErrorCode::kCorrupt, "expected F32 or F16, found I64");
  const auto type = tensor.dtype == DType::kF16 ? at::kHalf : at::kFloat;
  const auto view = at::from_blob(const_cast<std::byte*>(tensor.data.data()), tensor.shape, type);
  return view.to(at::kFloat, false, /*copy=*/true);
}

Tensor to_half(const at::Tensor& tensor) {
  const at::Tensor half = tensor.detach().to(at::kHalf).contiguous();
  Tensor out{DType::kF16, half.sizes().vec(), std::vector<std::byte>(half.nbytes())};
  std::memcpy(out.data.data(), half.const_data_ptr(), out.data.size());
  return out;
}

State state_of(const Network& network) {
  State state;
  for (const auto& item : network.named_parameters()) state[item.key()] = item.value();
  for (const auto& item : network.named_buffers())
    if (!ignored(item.key())) state[item.key()] = item.value();
  return state;
}

void load_state(Network& network, const std::map<std::string, Tensor>& tensors) {
  const torch::NoGradGuard no_grad;
  State state = state_of(network);
  for (auto& [name, target] : state) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) refuse(ErrorCode::kCorrupt, "tensor \"" + name + "\" is missing");
    if (found->second.shape != target.sizes().vec())
      refuse(ErrorCode::kCorrupt, "tensor \"" + name + "\": expected shape " + shape_text(target.sizes()) + ", found " +
                                      shape_text(found->second.shape));
    const at::Tensor value = to_float(found->second);
    if (!all_finite(value)) refuse(ErrorCode::kCorrupt, "tensor \"" + name + "\" has a value that is not finite");
    target.copy_(value);
  }
  for (const auto& [name, tensor] : tensors)
    if (!ignored(name) && !state.count(name))
      refuse(ErrorCode::kCorrupt, "tensor \"" + name + "\" does not belong to this architecture");
}

void copy_state(const Network& from, Network& to) {
  const torch::NoGradGuard no_grad;
  const State source = state_of(from);
  for (auto& [name, target] : state_of(to)) at::Tensor(target).copy_(source.at(name));
}

bool all_finite(const at::Tensor& tensor) { return std::isfinite(tensor.sum().item<double>()); }

at::Tensor normalised(const at::Tensor& bytes, const device::Normalisation& normalisation) {
  const auto channel = [](const std::array<float, 3>& v) { return at::tensor({v[0], v[1], v[2]}).view({1, 3, 1, 1}); };
  const at::Tensor values = bytes.permute({0, 3, 1, 2}).to(at::kFloat).div_(255);
  return values.sub_(channel(normalisation.mean)).div_(channel(normalisation.std)).contiguous();
}

}  // namespace ekya::learner
