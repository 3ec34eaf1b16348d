// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/weights_file.h"

namespace ekya::learner {

/// One tensor as the header of a weights file announces it.
struct TensorEntry {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< Bytes behind the header; end - begin = product of shape × size_of(dtype).
};

struct WeightsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<TensorEntry> tensors;  ///< By rising offset, without hole or overlap from 0 on.
};

/// Parses the JSON of a weights file. Never recursive, so that deep nesting cannot overflow the stack; refuses what
/// safetensors does not allow: another depth or type, duplicate keys, at most 8 dimensions, products that overflow.
/// Errors: kCorrupt saying what was found.
Result<WeightsHeader> parse_weights_header(std::string_view json, std::size_t most_tensors);

}  // namespace ekya::learner
