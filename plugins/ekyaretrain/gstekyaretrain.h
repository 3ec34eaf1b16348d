// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasesink.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_EKYA_RETRAIN (gst_ekya_retrain_get_type())
G_DECLARE_FINAL_TYPE(GstEkyaRetrain, gst_ekya_retrain, GST, EKYA_RETRAIN, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE(ekyaretrain)

G_END_DECLS
