// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ekya/base/result.h"

namespace ekya::learner {

/// Square RGB bytes [size, size, 3] as JPEG without chroma subsampling. Thread-safe.
/// Errors: kInternal with the library's words.
Result<std::vector<std::byte>> encode_crop(std::span<const std::uint8_t> pixels, int size, int quality);

/// The other way. Errors: kCorrupt when it is no whole JPEG of size × size; what is larger is not decoded.
Result<std::vector<std::uint8_t>> decode_crop(std::span<const std::byte> jpeg, int size);

}  // namespace ekya::learner
