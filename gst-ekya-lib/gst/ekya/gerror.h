// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <exception>
#include <utility>

#include "ekya/base/result.h"

namespace ekya::gst {

/// Sets `error` in the domain GST_EKYA_ERROR.
void set_error(GError** error, const Error& from);

/// TRUE, or FALSE and `error` set.
gboolean report(const Status& status, GError** error);

/// Runs the body of a public function: an exception becomes a GError and the failure value, none crosses a C frame.
template <typename T, typename Body>
T guarded_call(GError** error, T failure, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& e) {
    set_error(error, Error{ErrorCode::kInternal, std::string("unexpected exception: ") + e.what()});
  }
  return failure;
}

}  // namespace ekya::gst
