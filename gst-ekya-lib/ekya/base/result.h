// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace ekya {

/// What kind of failure it is, so that a caller can tell "try again" from "fix your input".
enum class ErrorCode {
  kInvalidArgument,  ///< The input is wrong and will stay wrong.
  kNotFound,         ///< A file, stream or model is not there.
  kCorrupt,          ///< Bytes that were read do not check.
  kIo,               ///< The operating system refused: disk full, permission, I/O error.
  kBusy,             ///< Somebody else holds it.
  kCancelled,        ///< The caller asked to stop.
  kResource,         ///< Out of memory or of another resource.
  kUnavailable,      ///< An optional part (LibTorch, CUDA) is missing here.
  kInternal,         ///< A fault of ours, or an exception out of a library.
};

/// A failure in words: what, which file or property, what was found, what to do.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

/// A value or an Error. Test it before use; the members of the wrong side are undefined.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: converts so that `return value;` works
  Result(Error error) : state_(std::move(error)) {}  // NOLINT

  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  T& operator*() & { return std::get<T>(state_); }
  const T& operator*() const& { return std::get<T>(state_); }
  T&& operator*() && { return std::get<T>(std::move(state_)); }
  T* operator->() { return &std::get<T>(state_); }
  const T* operator->() const { return &std::get<T>(state_); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : state_(std::move(error)) {}  // NOLINT

  explicit operator bool() const { return std::holds_alternative<std::monostate>(state_); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<std::monostate, Error> state_;
};

using Status = Result<void>;

}  // namespace ekya
