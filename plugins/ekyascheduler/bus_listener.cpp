// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus_listener.h"

#include <utility>

namespace ekya::gst {

void BusListener::start(GstElement* element, GstElement* top, Heard heard) {
  stop();
  GstBus* bus = gst_element_get_bus(top);
  if (!bus) return;
  gst_bus_enable_sync_message_emission(bus);
  // After the application's handlers: who answers first decides.
  const gulong handler =
      g_signal_connect_object(bus, "sync-message::element", G_CALLBACK(heard), element, G_CONNECT_AFTER);
  MutexLock lock(mutex_);
  bus_ = bus;
  handler_ = handler;
}

void BusListener::stop() {
  GstBus* bus = nullptr;
  gulong handler = 0;
  {
    MutexLock lock(mutex_);
    bus = std::exchange(bus_, nullptr);
    handler = std::exchange(handler_, 0);
  }
  if (!bus) return;
  g_signal_handler_disconnect(bus, handler);
  gst_bus_disable_sync_message_emission(bus);
  gst_object_unref(bus);
}

GstElement* top_of(GstElement* element) {
  auto* top = GST_OBJECT(gst_object_ref(element));
  while (GstObject* parent = gst_object_get_parent(top)) {
    gst_object_unref(top);
    top = parent;
  }
  return GST_ELEMENT(top);
}

}  // namespace ekya::gst
