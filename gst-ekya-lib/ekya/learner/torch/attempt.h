// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>
#include <type_traits>

#include "ekya/base/result.h"

namespace ekya::learner {

/// An Error out of LibTorch that attempt() passes on as it is.
struct Refused {
  Error error;
};

[[noreturn]] inline void refuse(ErrorCode code, std::string message) {
  throw Refused{{code, std::move(message)}};
}

/// Runs LibTorch code. Whatever it throws becomes an Error: out of memory kResource, the rest kInternal.
template <typename Body, typename T = std::invoke_result_t<Body>>
Result<T> attempt(const char* what, Body&& body) {
  const auto failed = [&](ErrorCode code, const std::string& why) { return Error{code, std::string(what) + ": " + why}; };
  try {
    if constexpr (std::is_void_v<T>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (const Refused& refused) {
    return refused.error;
  } catch (const std::bad_alloc&) {
    return failed(ErrorCode::kResource, "out of memory");
  } catch (const c10::Error& e) {
    const std::string message = e.what_without_backtrace();
    const bool memory = message.find("allocate") != std::string::npos || message.find("memory") != std::string::npos;
    return failed(memory ? ErrorCode::kResource : ErrorCode::kInternal, message.substr(0, message.find('\n')));
  } catch (const std::exception& e) {
    return failed(ErrorCode::kInternal, e.what());
  } catch (...) {
    return failed(ErrorCode::kInternal, "an exception of unknown type");
  }
}

}  // namespace ekya::learner
