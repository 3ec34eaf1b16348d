/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_EKYA_PRELUDE_H__
#define __GST_EKYA_PRELUDE_H__

#include <gst/gst.h>

#ifndef GST_EKYA_API
#define GST_EKYA_API __attribute__ ((visibility ("default"))) extern
#endif

#endif /* __GST_EKYA_PRELUDE_H__ */
