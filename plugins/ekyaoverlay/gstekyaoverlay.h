// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_EKYA_OVERLAY (gst_ekya_overlay_get_type())
G_DECLARE_FINAL_TYPE(GstEkyaOverlay, gst_ekya_overlay, GST, EKYA_OVERLAY, GstBaseTransform)
GST_ELEMENT_REGISTER_DECLARE(ekyaoverlay);

G_END_DECLS
