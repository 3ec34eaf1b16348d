// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/sample_store.h"

// What a sample store takes and gives: crops that are checked on the way in, resized on the way out.
namespace ekya::learner {

inline constexpr int kLargestCrop = 2048;  ///< Pixels a side.

/// Errors: kInvalidArgument saying what is wrong with the label, size, confidence or window.
Status check_sample(const Sample& sample);

/// SHA-256, 32 bytes.
std::string digest_of(std::span<const std::byte> bytes);

/// Appends [to, to, 3] bytes. pixels: [from, from, 3], RGB.
Status append_resized(const std::vector<std::uint8_t>& pixels, int from, int to, std::vector<std::uint8_t>& out);

}  // namespace ekya::learner
