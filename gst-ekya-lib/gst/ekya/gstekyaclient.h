/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_EKYA_CLIENT_H__
#define __GST_EKYA_CLIENT_H__

#include <gst/ekya/gstekyascheduler.h>

G_BEGIN_DECLS

/* One element's side of the negotiation, for one stream and one kind of work. It posts `ekya-share-request` on the
 * element's bus, takes the answer (from `ekyascheduler`, from the application, or directly from the shared object when
 * nobody answered) and keeps the grant. Thread-safe. It holds no reference on its element. */
#define GST_TYPE_EKYA_CLIENT (gst_ekya_client_get_type ())
GST_EKYA_API
G_DECLARE_FINAL_TYPE (GstEkyaClient, gst_ekya_client, GST, EKYA_CLIENT, GstObject)

GST_EKYA_API
GstEkyaClient *gst_ekya_client_new (GstElement * element,
    GstEkyaScheduler * scheduler, const gchar * stream_id,
    GstEkyaClientKind kind);

/* @request: (transfer full): fields `configs` (GST_TYPE_LIST of GstStructure), `demand`, `accuracy`, `running`,
 * `reason` as docs/protocol.md tells; identity is filled in. Posts on the bus: call it without any lock held. */
GST_EKYA_API
gboolean gst_ekya_client_request (GstEkyaClient * self,
    GstStructure * request, GError ** error);

/* (transfer full) (nullable): the grant in force: `share`, `device`, `config`, `plan`, `until`. */
GST_EKYA_API
GstStructure *gst_ekya_client_get_grant (GstEkyaClient * self);

/* Cheap: share and a serial that changes with each new grant, for streaming threads. */
GST_EKYA_API
gdouble gst_ekya_client_get_share (GstEkyaClient * self, guint * serial);

GST_EKYA_API
gdouble gst_ekya_client_get_received_share (GstEkyaClient * self);

/* Takes the right to compute; live inference never blocks. FALSE: not now, or interrupted. */
GST_EKYA_API
gboolean gst_ekya_client_begin_work (GstEkyaClient * self, GstClockTime max_wait);

GST_EKYA_API
void gst_ekya_client_end_work (GstEkyaClient * self);

/* While set, begin_work() fails at once: for a thread that is to be joined. */
GST_EKYA_API
void gst_ekya_client_set_interrupted (GstEkyaClient * self, gboolean interrupted);

/* Gives everything back; after it the client only fails. */
GST_EKYA_API
void gst_ekya_client_leave (GstEkyaClient * self);

G_END_DECLS

#endif /* __GST_EKYA_CLIENT_H__ */
