// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <exception>
#include <utility>

namespace ekya::gst {

/// Runs the body of a vfunc: no exception crosses a C frame (it would abort the process, or leave the state lock held).
/// An exception becomes an element error and the failure value.
template <typename Element, typename T, typename Body>
T guarded(Element* element, T failure, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& e) {
    GST_ELEMENT_ERROR(element, LIBRARY, FAILED, ("Unexpected exception: %s", e.what()), (nullptr));
  } catch (...) {
    GST_ELEMENT_ERROR(element, LIBRARY, FAILED, ("Unexpected exception of unknown type"), (nullptr));
  }
  return failure;
}

/// As above for bodies without a result; also for thread bodies.
template <typename Element, typename Body>
void guarded(Element* element, Body&& body) {
  guarded(element, 0, [&] {
    std::forward<Body>(body)();
    return 0;
  });
}

}  // namespace ekya::gst
