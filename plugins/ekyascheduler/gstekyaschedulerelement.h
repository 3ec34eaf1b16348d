// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_EKYA_SCHEDULER_ELEMENT (gst_ekya_scheduler_element_get_type())
G_DECLARE_FINAL_TYPE(GstEkyaSchedulerElement, gst_ekya_scheduler_element, GST, EKYA_SCHEDULER_ELEMENT, GstElement)

GST_ELEMENT_REGISTER_DECLARE(ekyascheduler)

G_END_DECLS
