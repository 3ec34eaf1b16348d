// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_EKYA_TEST_SRC (gst_ekya_test_src_get_type())
G_DECLARE_FINAL_TYPE(GstEkyaTestSrc, gst_ekya_test_src, GST, EKYA_TEST_SRC, GstPushSrc)
GST_ELEMENT_REGISTER_DECLARE(ekyatestsrc);

G_END_DECLS
