// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include "ekya/base/result.h"

namespace ekya::learner {

/// An Error out of LibTorch's code that attempt() passes on as it is.
struct Refused {
  Error error;
};

[[noreturn]] inline void refuse(ErrorCode code, std::string message) { throw Refused{{code, std::move(message)}}; }

/// The exception in flight as an Error: out of memory kResource, the rest kInternal. For use in a catch clause only.
Error current_exception(const char* what);

/// Runs LibTorch code; nothing that it throws leaves. `what` begins the message, e.g. "classify".
template <typename Body, typename T = std::invoke_result_t<Body>>
Result<T> attempt(const char* what, Body&& body) {
  try {
    if constexpr (std::is_void_v<T>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (...) {
    return current_exception(what);
  }
}

}  // namespace ekya::learner
