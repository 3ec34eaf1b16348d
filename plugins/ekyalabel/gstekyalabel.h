// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_EKYA_LABEL (gst_ekya_label_get_type())
G_DECLARE_FINAL_TYPE(GstEkyaLabel, gst_ekya_label, GST, EKYA_LABEL, GstElement)

GST_ELEMENT_REGISTER_DECLARE(ekyalabel);

G_END_DECLS
