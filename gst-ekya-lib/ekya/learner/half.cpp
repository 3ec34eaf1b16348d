// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/half.h"

#include <bit>

// In plain integers: clang 14 has no _Float16 on x86, and half a million values, which a training set has, take 1 ms.
namespace ekya::learner {
namespace {

constexpr std::uint32_t kFloatSign = 0x80000000, kFloatInfinity = 0x7F800000;
constexpr std::uint32_t kBeyondHalf = 0x47800000;   // 2^16: the first power of two that is out of range.
constexpr std::uint32_t kLeastNormal = 0x38800000;  // 2^-14
constexpr std::uint32_t kRebias = (127 - 15) << 23;
constexpr int kDroppedBits = 13;

}  // namespace

Half to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value), magnitude = bits & ~kFloatSign;
  const auto sign = static_cast<Half>((bits & kFloatSign) >> 16);
  if (magnitude >= kBeyondHalf) return sign | Half{magnitude > kFloatInfinity ? Half{0x7E00} : Half{0x7C00}};
  if (magnitude < kLeastNormal) {
    // Adding 1/2 puts the value's last half bit, 2^-24, at the last bit of the sum; the addition rounds.
    const float sum = std::bit_cast<float>(magnitude) + 0.5F;
    return sign | static_cast<Half>(std::bit_cast<std::uint32_t>(sum) - std::bit_cast<std::uint32_t>(0.5F));
  }
  const std::uint32_t odd = magnitude >> kDroppedBits & 1;
  return sign | static_cast<Half>((magnitude - kRebias + (1U << (kDroppedBits - 1)) - 1 + odd) >> kDroppedBits);
}

float to_float(Half half) {
  const std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16, magnitude = half & 0x7FFFU;
  if (magnitude >= 0x7C00) return std::bit_cast<float>(sign | kFloatInfinity | magnitude << kDroppedBits);
  if (magnitude >= 0x0400) return std::bit_cast<float>(sign | ((magnitude << kDroppedBits) + kRebias));
  const float value = static_cast<float>(magnitude) * 0x1p-24F;
  return sign ? -value : value;
}

}  // namespace ekya::learner
