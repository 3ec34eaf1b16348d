/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_EKYA_CONTEXT_H__
#define __GST_EKYA_CONTEXT_H__

#include <gst/ekya/gstekyascheduler.h>

G_BEGIN_DECLS

#define GST_EKYA_SCHEDULER_CONTEXT_TYPE "gst.ekya.scheduler"

GST_EKYA_API
GstContext *gst_context_new_ekya_scheduler (GstEkyaScheduler * scheduler);

/* (transfer full) (nullable) */
GST_EKYA_API
GstEkyaScheduler *gst_context_get_ekya_scheduler (GstContext * context);

/* The dance of GStreamer's display contexts: what is set already, else the neighbours, else `need-context`, else a new
 * one that is announced with `have-context`. @scheduler: (inout): replaced when NULL. Call it from NULL->READY. */
GST_EKYA_API
gboolean gst_ekya_ensure_scheduler (GstElement * element, GstEkyaScheduler ** scheduler);

/* For GstElement::set_context. @scheduler is set (unreffing the old one) when the context is ours. */
GST_EKYA_API
gboolean gst_ekya_handle_set_context (GstElement * element, GstContext * context,
    GstEkyaScheduler ** scheduler);

/* For CONTEXT queries: answers with @scheduler if it is not NULL. */
GST_EKYA_API
gboolean gst_ekya_handle_context_query (GstElement * element, GstQuery * query,
    GstEkyaScheduler * scheduler);

G_END_DECLS

#endif /* __GST_EKYA_CONTEXT_H__ */
