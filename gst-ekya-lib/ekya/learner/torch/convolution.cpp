// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convolution.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>

namespace ekya::learner {

Convolution::Convolution(Parameters& parameters, const std::string& name, int in, int out, int kernel)
    : weight_(at::empty({out, in, kernel, kernel},
                        at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast))),
      bias_(at::empty({out}, at::kFloat)) {
  parameters.push_back({name + ".weight", weight_, Fill::kUniform, static_cast<double>(in) * kernel * kernel, true});
  parameters.push_back({name + ".bias", bias_, Fill::kZeros, 1, true});
}

at::Tensor Convolution::forward(const at::Tensor& maps) const {
  const std::int64_t padding = weight_.size(2) / 2;
  return at::conv2d(maps, weight_, bias_, {1, 1}, {padding, padding});
}

}  // namespace ekya::learner
