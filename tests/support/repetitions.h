// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>

namespace ekya::testing {

/// How often a test of random cases repeats: less in a sanitizer build, which is slower by more than ten.
constexpr unsigned repetitions(unsigned usual) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return std::max(1U, usual / 20);
#else
  return usual;
#endif
}

}  // namespace ekya::testing
