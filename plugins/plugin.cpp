// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gst/gst.h>

#include "ekyainfer/gstekyainfer.h"
#include "ekyalabel/gstekyalabel.h"
#include "ekyaoverlay/gstekyaoverlay.h"
#include "ekyaretrain/gstekyaretrain.h"
#include "ekyascheduler/gstekyaschedulerelement.h"
#include "ekyatestsrc/gstekyatestsrc.h"

static gboolean plugin_init(GstPlugin* plugin) {
  gboolean any = FALSE;
  any |= GST_ELEMENT_REGISTER(ekyainfer, plugin);
  any |= GST_ELEMENT_REGISTER(ekyalabel, plugin);
  any |= GST_ELEMENT_REGISTER(ekyaretrain, plugin);
  any |= GST_ELEMENT_REGISTER(ekyascheduler, plugin);
  any |= GST_ELEMENT_REGISTER(ekyatestsrc, plugin);
  any |= GST_ELEMENT_REGISTER(ekyaoverlay, plugin);
  return any;
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, ekya, "Continuous learning of vision models at the edge",
                  plugin_init, PACKAGE_VERSION, "LGPL", "gst-ekya", "https://gstreamer.freedesktop.org/")
