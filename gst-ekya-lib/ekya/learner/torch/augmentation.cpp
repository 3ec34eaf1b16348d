// SPDX-License-Identifier: LGPL-2.1-or-later
#include "augmentation.h"

#include <ATen/ops/replication_pad2d.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <vector>

namespace ekya::learner {

at::Tensor Augmentation::apply(const at::Tensor& images) {
  const std::int64_t side = images.size(2), most = std::max<std::int64_t>(1, side / 32);
  const at::Tensor padded = at::replication_pad2d(images, {most, most, most, most});
  std::vector<at::Tensor> moved;
  for (std::int64_t i = 0; i < images.size(0); ++i) {
    at::Tensor image = padded[i].narrow(1, draw(2 * most + 1), side).narrow(2, draw(2 * most + 1), side);
    if (mirror_ && draw(2) == 1) image = image.flip(2);
    moved.push_back(image);
  }
  return at::stack(moved);
}

}  // namespace ekya::learner
