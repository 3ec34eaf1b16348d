// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cmath>
#include <cstdint>

namespace ekya {

/// One well-mixed number out of two: gives each (seed, thing) its own independent sequence.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a + 0x9e3779b97f4a7c15ull * (b + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

/// SplitMix64: small, fast, and the same on every machine and standard library.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  Random(std::uint64_t seed, std::uint64_t thing) : state_(mix(seed, thing)) {}

  std::uint64_t next() {
    const std::uint64_t value = mix(state_, 0);
    state_ += 0x9e3779b97f4a7c15ull;
    return value;
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }  ///< In [0, 1).
  double uniform(double from, double to) { return from + (to - from) * uniform(); }
  int below(int count) { return static_cast<int>(uniform() * count); }  ///< In [0, count).
  bool chance(double probability) { return uniform() < probability; }
  /// Of mean 0 and deviation 1. Source: Box and Muller, 1958.
  double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(2 * kPi * uniform()); }

 private:
  static constexpr double kPi = 3.14159265358979323846;
  std::uint64_t state_;
};

}  // namespace ekya
