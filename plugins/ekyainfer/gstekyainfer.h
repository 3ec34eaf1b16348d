// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_EKYA_INFER (gst_ekya_infer_get_type())
G_DECLARE_FINAL_TYPE(GstEkyaInfer, gst_ekya_infer, GST, EKYA_INFER, GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(ekyainfer);

G_END_DECLS
