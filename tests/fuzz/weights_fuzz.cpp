// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a weights file: it is refused, or it is written and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "ekya/learner/model.h"
#include "ekya/learner/weights_file.h"

namespace {

using namespace ekya::learner;  // NOLINT

bool same(const WeightsFile& a, const WeightsFile& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (const auto& [name, tensor] : a.tensors) {
    const auto found = b.tensors.find(name);
    if (found == b.tensors.end() || found->second.dtype != tensor.dtype || found->second.shape != tensor.shape ||
        found->second.data != tensor.data)
      return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto file = parse_weights(bytes, /*require_hash=*/false);
  static_cast<void>(parse_weights(bytes, /*require_hash=*/true));
  if (!file) return 0;
  static_cast<void>(model_info(*file));
  const auto again = parse_weights(serialize(*file), /*require_hash=*/true);
  if (!again || !same(*file, *again)) std::abort();
  return 0;
}
