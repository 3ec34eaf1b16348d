/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef __GST_EKYA_SCHEDULER_H__
#define __GST_EKYA_SCHEDULER_H__

#include <gst/ekya/ekya-prelude.h>

G_BEGIN_DECLS

/**
 * GstEkyaClientKind:
 * @GST_EKYA_CLIENT_INFERENCE: live inference
 * @GST_EKYA_CLIENT_LABELLING: golden labelling
 * @GST_EKYA_CLIENT_RETRAINING: retraining
 *
 * What a client does with its share.
 */
typedef enum {
  GST_EKYA_CLIENT_INFERENCE,
  GST_EKYA_CLIENT_LABELLING,
  GST_EKYA_CLIENT_RETRAINING,
} GstEkyaClientKind;

GST_EKYA_API
GType gst_ekya_client_kind_get_type (void);
#define GST_TYPE_EKYA_CLIENT_KIND (gst_ekya_client_kind_get_type ())

/**
 * GstEkyaError:
 * @GST_EKYA_ERROR_FAILED: a fault of the library, or an exception out of another
 * @GST_EKYA_ERROR_INVALID: the input is wrong and will stay wrong; the message names the field
 * @GST_EKYA_ERROR_NOT_FOUND: no such policy, plan or stream
 * @GST_EKYA_ERROR_BUSY: somebody else has that place
 * @GST_EKYA_ERROR_RESOURCE: a limit is reached
 *
 * Errors of the shared scheduler.
 */
typedef enum {
  GST_EKYA_ERROR_FAILED,
  GST_EKYA_ERROR_INVALID,
  GST_EKYA_ERROR_NOT_FOUND,
  GST_EKYA_ERROR_BUSY,
  GST_EKYA_ERROR_RESOURCE,
} GstEkyaError;

GST_EKYA_API
GQuark gst_ekya_error_quark (void);
#define GST_EKYA_ERROR (gst_ekya_error_quark ())

#define GST_TYPE_EKYA_SCHEDULER (gst_ekya_scheduler_get_type ())
GST_EKYA_API
G_DECLARE_FINAL_TYPE (GstEkyaScheduler, gst_ekya_scheduler, GST, EKYA_SCHEDULER, GstObject)

GST_EKYA_API
GstEkyaScheduler *gst_ekya_scheduler_new (void);

GST_EKYA_API
GstEkyaScheduler *gst_ekya_scheduler_get_for_group (const gchar * group);

GST_EKYA_API
GstStructure *gst_ekya_scheduler_request (GstEkyaScheduler * self,
    const GstStructure * request, GError ** error);

GST_EKYA_API
void gst_ekya_scheduler_leave (GstEkyaScheduler * self,
    const gchar * stream_id, GstEkyaClientKind kind, const gchar * client);

GST_EKYA_API
gboolean gst_ekya_scheduler_pin_share (GstEkyaScheduler * self,
    const gchar * stream_id, GstEkyaClientKind kind, gdouble share, GError ** error);

GST_EKYA_API
gboolean gst_ekya_scheduler_cap_share (GstEkyaScheduler * self,
    const gchar * stream_id, GstEkyaClientKind kind, gdouble share, GError ** error);

GST_EKYA_API
gboolean gst_ekya_scheduler_exclude_stream (GstEkyaScheduler * self,
    const gchar * stream_id, gboolean excluded, GError ** error);

GST_EKYA_API
gboolean gst_ekya_scheduler_veto_plan (GstEkyaScheduler * self,
    guint64 plan, GError ** error);

GST_EKYA_API
void gst_ekya_scheduler_replan (GstEkyaScheduler * self, const gchar * reason);

GST_EKYA_API
gboolean gst_ekya_scheduler_set_option (GstEkyaScheduler * self,
    const gchar * name, const GValue * value, GError ** error);

GST_EKYA_API
gboolean gst_ekya_scheduler_set_policy (GstEkyaScheduler * self,
    const gchar * policy, GError ** error);

GST_EKYA_API
gchar *gst_ekya_scheduler_explain (GstEkyaScheduler * self);

GST_EKYA_API
gboolean gst_ekya_scheduler_publish_checkpoint (GstEkyaScheduler * self,
    const GstStructure * checkpoint, GError ** error);

GST_EKYA_API
GstStructure *gst_ekya_scheduler_get_checkpoint (GstEkyaScheduler * self,
    const gchar * stream_id);

GST_EKYA_API
gboolean gst_ekya_scheduler_report_drift (GstEkyaScheduler * self,
    const GstStructure * drift, GError ** error);

G_END_DECLS

#endif /* __GST_EKYA_SCHEDULER_H__ */
