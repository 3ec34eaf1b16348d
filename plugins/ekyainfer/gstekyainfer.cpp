// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-ekyainfer
 * @title: ekyainfer
 * @short_description: runs a student model on live video and takes over its retrained successors
 *
 * Classifies the regions of interest that an upstream element attached (or the whole frame), or detects objects, and
 * attaches the results as #GstVideoRegionOfInterestMeta parameters. It never blocks, drops or reorders video: under a
 * small share of the device it looks at fewer frames, and the others carry the last results, marked as carried. A new
 * checkpoint of its stream, or a new #GstEkyaInfer:model-file set while playing, is loaded aside and taken over between
 * two frames; a wrong one is refused and the running one stays. See docs/elements/ekyainfer.md.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m ekyatestsrc ! ekyainfer model-file=student.safetensors stream-id=camera0 ! ekyaoverlay !
 * autovideosink
 * ]|
 */
#include "ekyainfer/gstekyainfer.h"

#include <gst/video/video.h>

#include "ekyainfer/element.h"
#include "glue/frame_view.h"
#include "glue/guarded.h"
#include "glue/properties.h"

using ekya::gst::guarded;
using ekya::gst::infer::Infer;
using ekya::gst::infer::InferenceRegion;
using ekya::gst::infer::Settings;
using ekya::gst::infer::Task;

GST_DEBUG_CATEGORY_STATIC(gst_ekya_infer_debug);
#define GST_CAT_DEFAULT gst_ekya_infer_debug

// No size or rate in the template: caps without a frame rate pass too.
static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw, format = (string) " EKYA_VIDEO_FORMATS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw, format = (string) " EKYA_VIDEO_FORMATS));

static GType gst_ekya_infer_task_get_type() {
  static const GEnumValue values[] = {{static_cast<gint>(Task::kClassify), "Classify regions or frames", "classify"},
                                      {static_cast<gint>(Task::kDetect), "Detect objects", "detect"},
                                      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaInferTask", values);
  return type;
}

static GType gst_ekya_infer_region_get_type() {
  static const GEnumValue values[] = {
      {static_cast<gint>(InferenceRegion::kRoiList), "Each region of interest", "roi-list"},
      {static_cast<gint>(InferenceRegion::kFullFrame), "The whole frame", "full-frame"},
      {0, nullptr, nullptr}};
  static const GType type = g_enum_register_static("GstEkyaInferRegion", values);
  return type;
}

using Table = ekya::gst::Properties<Settings>;
static constexpr guint kModelFileId = 1;

static const Table& properties() {
  constexpr int kPlaying = GST_PARAM_MUTABLE_PLAYING;
  static const Table table{
      {"model-file", "Model to run: a .safetensors file, or TorchScript with allow-torchscript",
       Table::String{&Settings::model_file}, kPlaying},
      {"labels-file", "Labels of a model that has none itself, one a line", Table::String{&Settings::labels_file}},
      {"task", "What the model does", Table::Enum{&Settings::task, gst_ekya_infer_task_get_type}},
      {"stream-id", "Name of the camera: 1 to 64 of A-Z a-z 0-9 _ -", Table::String{&Settings::stream_id}},
      {"inference-region", "What is classified",
       Table::Enum{&Settings::inference_region, gst_ekya_infer_region_get_type}, kPlaying},
      {"object-class", "Only regions of this type or detected label; empty: all",
       Table::String{&Settings::object_class}, kPlaying},
      {"inference-interval", "Run inference on one frame in this many at most; a small share makes it fewer",
       Table::Uint{&Settings::inference_interval, 1, 1000}, kPlaying},
      {"threshold", "Results of less confidence are not attached; -1: a detector's own threshold, else all",
       Table::Double{&Settings::threshold, -1, 1}, kPlaying},
      {"allow-torchscript", "Accept TorchScript, which is a program: only for files that you trust",
       Table::Boolean{&Settings::allow_torchscript}},
      {"device", "Where to compute: cpu", Table::String{&Settings::device}},
      {"drift-detection", "Watch frames and results for a change of the scene and report it as ekya-drift",
       Table::Boolean{&Settings::drift_detection}, kPlaying},
  };
  return table;
}

struct _GstEkyaInfer {
  GstBaseTransform parent;
  Infer* impl;
};

G_DEFINE_TYPE(GstEkyaInfer, gst_ekya_infer, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(ekyainfer, "ekyainfer", GST_RANK_NONE, GST_TYPE_EKYA_INFER)

static Infer& impl(gpointer self) { return *GST_EKYA_INFER(self)->impl; }

static void gst_ekya_infer_init(GstEkyaInfer* self) {
  self->impl = new Infer(self);
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), FALSE);  // its answer to lateness is to drop frames
}

static void gst_ekya_infer_finalize(GObject* object) {
  delete GST_EKYA_INFER(object)->impl;
  G_OBJECT_CLASS(gst_ekya_infer_parent_class)->finalize(object);
}

static void gst_ekya_infer_set_property(GObject* object, guint id, const GValue* value, GParamSpec* pspec) {
  guarded(object, [&] {
    if (!properties().has(id)) {
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
      return;
    }
    impl(object).change_settings(id == kModelFileId, [&](Settings& s) { properties().set(s, id, value); });
  });
}

static void gst_ekya_infer_get_property(GObject* object, guint id, GValue* value, GParamSpec* pspec) {
  guarded(object, [&] {
    if (id == properties().end_id()) return g_value_take_boxed(value, impl(object).stats().release());
    if (!properties().has(id)) {
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
      return;
    }
    properties().get(impl(object).settings(), id, value);
  });
}

static GstStateChangeReturn gst_ekya_infer_change_state(GstElement* element, GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_NULL_TO_READY &&
      !guarded(element, false, [&] { return impl(element).to_ready(); }))
    return GST_STATE_CHANGE_FAILURE;
  const auto result = GST_ELEMENT_CLASS(gst_ekya_infer_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) impl(element).scheduler().forget();
  return result;
}

static void gst_ekya_infer_set_context(GstElement* element, GstContext* context) {
  guarded(element, [&] { impl(element).scheduler().set_context(context); });
  GST_ELEMENT_CLASS(gst_ekya_infer_parent_class)->set_context(element, context);
}

static gboolean gst_ekya_infer_start(GstBaseTransform* base) {
  return guarded(base, FALSE, [&] { return static_cast<gboolean>(impl(base).start()); });
}

static gboolean gst_ekya_infer_stop(GstBaseTransform* base) {
  return guarded(base, FALSE, [&] { return impl(base).stop(), TRUE; });
}

static gboolean gst_ekya_infer_set_caps(GstBaseTransform* base, GstCaps* in, GstCaps*) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, in) || !ekya::gst::pixel_format(GST_VIDEO_INFO_FORMAT(&info))) return FALSE;
  return guarded(base, FALSE, [&] { return static_cast<gboolean>(impl(base).set_info(info)); });
}

static GstFlowReturn gst_ekya_infer_transform_ip(GstBaseTransform* base, GstBuffer* buffer) {
  return guarded(base, GST_FLOW_ERROR, [&] { return impl(base).transform(buffer); });
}

static gboolean gst_ekya_infer_sink_event(GstBaseTransform* base, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP || GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START)
    impl(base).flush();
  return GST_BASE_TRANSFORM_CLASS(gst_ekya_infer_parent_class)->sink_event(base, event);
}

static gboolean gst_ekya_infer_src_event(GstBaseTransform* base, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
    impl(base).hear_qos(event);
    return gst_pad_push_event(GST_BASE_TRANSFORM_SINK_PAD(base),
                              event);  // Past the base class, which would drop frames.
  }
  return GST_BASE_TRANSFORM_CLASS(gst_ekya_infer_parent_class)->src_event(base, event);
}

static gboolean gst_ekya_infer_query(GstBaseTransform* base, GstPadDirection direction, GstQuery* query) {
  if (guarded(base, false, [&] { return impl(base).scheduler().answer(query); })) return TRUE;
  return GST_BASE_TRANSFORM_CLASS(gst_ekya_infer_parent_class)->query(base, direction, query);
}

// Buffers pass as they are, so what downstream offers and asks for holds for upstream.
static gboolean gst_ekya_infer_propose_allocation(GstBaseTransform* base, GstQuery*, GstQuery* query) {
  return gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(base), query);
}

static void gst_ekya_infer_class_init(GstEkyaInferClass* klass) {
  GST_DEBUG_CATEGORY_INIT(gst_ekya_infer_debug, "ekyainfer", 0, "Live inference of a retrained student model");
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = gst_ekya_infer_finalize;
  object_class->set_property = gst_ekya_infer_set_property;
  object_class->get_property = gst_ekya_infer_get_property;
  properties().install(object_class);
  g_object_class_install_property(
      object_class, properties().end_id(),
      g_param_spec_boxed("stats", "stats", "Frames, inferences, swaps and times since the start", GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = gst_ekya_infer_change_state;
  element_class->set_context = gst_ekya_infer_set_context;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Ekya inference", "Filter/Analyzer/Video",
                                        "Runs a student model on live video and takes over its retrained successors",
                                        "Ekya for GStreamer developers");
  gst_type_mark_as_plugin_api(gst_ekya_infer_task_get_type(), GstPluginAPIFlags{});
  gst_type_mark_as_plugin_api(gst_ekya_infer_region_get_type(), GstPluginAPIFlags{});

  auto* base_class = GST_BASE_TRANSFORM_CLASS(klass);
  base_class->start = gst_ekya_infer_start;
  base_class->stop = gst_ekya_infer_stop;
  base_class->set_caps = gst_ekya_infer_set_caps;
  base_class->transform_ip = gst_ekya_infer_transform_ip;
  base_class->sink_event = gst_ekya_infer_sink_event;
  base_class->src_event = gst_ekya_infer_src_event;
  base_class->query = gst_ekya_infer_query;
  base_class->propose_allocation = gst_ekya_infer_propose_allocation;
}
