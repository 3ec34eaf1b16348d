// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace ekya::gst {

/// The started `ekyascheduler` elements of this process by pipeline. Of several in one pipeline the lowest name decides
/// and the others stay silent. Thread-safe. An element's name does not change while it is in a pipeline.
class Peers {
 public:
  static void add(GstElement* element, GstObject* pipeline);
  /// The element that decides instead from now on, when `element` was the one that did; a new reference, or null.
  static GstElement* remove(GstElement* element);
  static bool leads(GstElement* element);
  /// Another started one in the same pipeline; a new reference, or null.
  static GstElement* other(GstElement* element);
};

}  // namespace ekya::gst
