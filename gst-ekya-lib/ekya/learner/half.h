// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace ekya::learner {

/// IEEE 754 binary16, as bits. Largest finite value 65504; 11 bits of precision down to 2^-14, then steps of 2^-24.
using Half = std::uint16_t;

/// Rounds to the nearest half, ties to even; beyond the range to infinity. NaN stays NaN.
Half to_half(float value);
/// Exact.
float to_float(Half half);

}  // namespace ekya::learner
