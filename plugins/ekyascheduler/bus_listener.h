// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "ekya/base/mutex.h"

namespace ekya::gst {

/// Hears the messages of a pipeline while they are posted, beside the application's own handlers and after them.
/// Thread-safe; stop() may be called under any lock of the element and its parents.
class BusListener {
 public:
  using Heard = void (*)(GstBus* bus, GstMessage* message, gpointer element);

  /// Calls `heard` in the poster's thread for every element message on the bus of `top`; keeps `element` alive during
  /// a call. Does nothing where `top` has no bus.
  void start(GstElement* element, GstElement* top, Heard heard);
  void stop();

 private:
  Mutex mutex_;
  GstBus* bus_ EKYA_GUARDED_BY(mutex_) = nullptr;
  gulong handler_ EKYA_GUARDED_BY(mutex_) = 0;
};

/// The outermost parent, or the element itself; a new reference.
GstElement* top_of(GstElement* element);

}  // namespace ekya::gst
