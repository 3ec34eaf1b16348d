// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>

namespace ekya {

/// Times and durations of the core. Seconds as double; a time is seconds since an epoch of the caller's choice.
using Seconds = std::chrono::duration<double>;

/// The steady clock as Seconds: never steps, so a window's length cannot be wrong after a change of the date.
inline Seconds steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace ekya
