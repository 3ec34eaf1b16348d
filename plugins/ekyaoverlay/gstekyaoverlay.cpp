// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-ekyaoverlay
 * @title: ekyaoverlay
 * @short_description: draws regions, classes and the state of continuous learning on the picture
 *
 * Draws the boxes of regions of interest and what ekyainfer says of them; results that were carried over from an
 * earlier frame are dimmed. A line at the top gives the stream, the generation of its model and, where the pipeline has
 * an Ekya scheduler, its shares and accuracy. It makes no scheduler itself. See docs/elements/ekyaoverlay.md.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 ekyatestsrc is-live=true ! ekyainfer model-file=student.safetensors ! ekyaoverlay ! videoconvert !
 * autovideosink
 * ]|
 */
#include "ekyaoverlay/gstekyaoverlay.h"

#include <gst/video/video.h>

#include "ekyaoverlay/overlay.h"
#include "glue/guarded.h"
#include "glue/properties.h"

using ekya::gst::guarded;
using ekya::gst::ObjectPtr;
using ekya::gst::overlay::Overlay;
using ekya::gst::overlay::Settings;

GST_DEBUG_CATEGORY_STATIC(gst_ekya_overlay_debug);
#define GST_CAT_DEFAULT gst_ekya_overlay_debug

// What cairo draws on, as cairooverlay has it: its formats are in the machine's byte order.
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define EKYA_CAIRO_FORMATS "{ BGRx, BGRA, RGB16 }"
#else
#error "the formats are listed for little-endian machines only"
#endif

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw, format = (string) " EKYA_CAIRO_FORMATS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw, format = (string) " EKYA_CAIRO_FORMATS));

using Table = ekya::gst::Properties<Settings>;

static const Table& properties() {
  constexpr int kPlaying = GST_PARAM_MUTABLE_PLAYING;
  static const Table table{
      {"stream-id", "Name of the camera whose status is shown: 1 to 64 of A-Z a-z 0-9 _ -",
       Table::String{&Settings::stream_id}},
      {"text", "A line of your own below the status", Table::String{&Settings::text}, kPlaying},
      {"show-boxes", "Draw the regions' boxes", Table::Boolean{&Settings::show_boxes}, kPlaying},
      {"show-labels", "Write class and confidence at the regions", Table::Boolean{&Settings::show_labels}, kPlaying},
      {"show-status", "Write stream, model generation, shares and accuracy at the top",
       Table::Boolean{&Settings::show_status}, kPlaying},
  };
  return table;
}

struct _GstEkyaOverlay {
  GstBaseTransform parent;
  Overlay* impl;
};

G_DEFINE_TYPE(GstEkyaOverlay, gst_ekya_overlay, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(ekyaoverlay, "ekyaoverlay", GST_RANK_NONE, GST_TYPE_EKYA_OVERLAY)

static Overlay& impl(gpointer self) { return *GST_EKYA_OVERLAY(self)->impl; }

static void gst_ekya_overlay_init(GstEkyaOverlay* self) {
  self->impl = new Overlay(GST_BASE_TRANSFORM(self));
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);  // it would drop frames
}

static void gst_ekya_overlay_finalize(GObject* object) {
  delete GST_EKYA_OVERLAY(object)->impl;
  G_OBJECT_CLASS(gst_ekya_overlay_parent_class)->finalize(object);
}

static void gst_ekya_overlay_set_property(GObject* object, guint id, const GValue* value, GParamSpec* pspec) {
  guarded(object, [&] {
    if (properties().has(id)) return impl(object).change_settings([&](Settings& s) { properties().set(s, id, value); });
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  });
}

static void gst_ekya_overlay_get_property(GObject* object, guint id, GValue* value, GParamSpec* pspec) {
  guarded(object, [&] {
    if (id == properties().end_id()) return g_value_take_boxed(value, impl(object).stats().release());
    if (properties().has(id)) return properties().get(impl(object).settings(), id, value);
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
  });
}

static GstStateChangeReturn gst_ekya_overlay_change_state(GstElement* element, GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_NULL_TO_READY &&
      !guarded(element, false, [&] { return impl(element).to_ready(); }))
    return GST_STATE_CHANGE_FAILURE;
  return GST_ELEMENT_CLASS(gst_ekya_overlay_parent_class)->change_state(element, transition);
}

static void gst_ekya_overlay_set_context(GstElement* element, GstContext* context) {
  guarded(element, [&] {
    if (!gst_context_has_context_type(context, GST_EKYA_SCHEDULER_CONTEXT_TYPE)) return;
    const ObjectPtr<GstEkyaScheduler> scheduler(gst_context_get_ekya_scheduler(context));
    if (scheduler) impl(element).set_scheduler(scheduler.get());
  });
  GST_ELEMENT_CLASS(gst_ekya_overlay_parent_class)->set_context(element, context);
}

static gboolean gst_ekya_overlay_start(GstBaseTransform* base) {
  return guarded(base, FALSE, [&] { return impl(base).start(), TRUE; });
}

static gboolean gst_ekya_overlay_stop(GstBaseTransform* base) {
  return guarded(base, FALSE, [&] { return impl(base).stop(), TRUE; });
}

static gboolean gst_ekya_overlay_set_caps(GstBaseTransform* base, GstCaps* in, GstCaps*) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, in)) return FALSE;
  impl(base).set_info(info);
  return TRUE;
}

static GstFlowReturn gst_ekya_overlay_transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  return guarded(base, GST_FLOW_ERROR, [&] { return impl(base).transform(buffer); });
}

static void gst_ekya_overlay_class_init(GstEkyaOverlayClass* klass) {
  GST_DEBUG_CATEGORY_INIT(gst_ekya_overlay_debug, "ekyaoverlay", 0, "Draws the results of continuous learning");
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_ekya_overlay_finalize;
  object_class->set_property = gst_ekya_overlay_set_property;
  object_class->get_property = gst_ekya_overlay_get_property;
  properties().install(object_class);
  g_object_class_install_property(
      object_class, properties().end_id(),
      g_param_spec_boxed("stats", "stats", "Frames, regions and carried results since the start, last generation",
                         GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = gst_ekya_overlay_change_state;
  element_class->set_context = gst_ekya_overlay_set_context;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Ekya overlay", "Filter/Editor/Video",
                                        "Draws regions, classes and the state of continuous learning on the picture",
                                        "Ekya for GStreamer developers");

  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  base_class->start = gst_ekya_overlay_start;
  base_class->stop = gst_ekya_overlay_stop;
  base_class->set_caps = gst_ekya_overlay_set_caps;
  base_class->transform_ip = gst_ekya_overlay_transform_ip;
}
