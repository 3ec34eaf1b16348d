/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_EKYA_H__
#define __GST_EKYA_H__

#include <gst/ekya/ekya-prelude.h>
#include <gst/ekya/gstekyaclient.h>
#include <gst/ekya/gstekyacontext.h>
#include <gst/ekya/gstekyameta.h>
#include <gst/ekya/gstekyascheduler.h>

#endif /* __GST_EKYA_H__ */
