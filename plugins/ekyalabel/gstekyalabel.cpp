// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-ekyalabel
 * @title: ekyalabel
 *
 * Samples frames, lets a golden model label their regions and passes on just the labelled frames, for ekyaretrain. It
 * never blocks upstream: frames that it has no time for are dropped. Labels are parameters `ekya-label` (label,
 * confidence, source, doubtful) of the regions of interest.
 *
 * Properties: `model-file`, `labels-file`, `allow-torchscript` and `task` say who labels; `sample-rate`, `sampling` and
 * `label-budget` how much; `label-map`, `threshold`, `doubtful-threshold`, `match-iou`, `label-agreement`,
 * `inference-region` and `add-regions` how an answer becomes a label; `max-queue` and `stall-timeout` bound the
 * waiting; `drift-detection` buys labels where the scene changes; `stats` tells.
 *
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! tee name=t
 *   t. ! queue ! ekyainfer model-file=student.safetensors ! fakesink
 *   t. ! queue leaky=downstream ! ekyalabel model-file=golden.safetensors ! ekyaretrain model-file=student.safetensors
 * ]|
 */
#include "ekyalabel/gstekyalabel.h"

#include "ekyalabel/labeller.h"
#include "glue/frame_view.h"
#include "glue/guarded.h"
#include "glue/properties.h"

using ekya::gst::guarded;
using ekya::gst::MiniPtr;
using ekya::gst::label::Labeller;
using ekya::gst::label::Settings;

GST_DEBUG_CATEGORY(ekya_label_debug);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(EKYA_VIDEO_FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(EKYA_VIDEO_FORMATS)));

namespace {

const auto& properties() {
  using namespace ekya::gst::label;
  using P = ekya::gst::Properties<Settings>;
  static const P table{
      {"model-file", "Golden model: a .safetensors, or TorchScript with a .modelinfo",
       P::String{&Settings::model_file}},
      {"labels-file", "Labels of the golden model, one a line, where it does not bring them",
       P::String{&Settings::labels_file}},
      {"allow-torchscript", "Run TorchScript, which is a program, from a source that you trust",
       P::Boolean{&Settings::allow_torchscript}},
      {"task", "Where labels come from", P::Enum{&Settings::task, task_type}},
      {"stream-id", "Camera that the labels belong to, [A-Za-z0-9_-]{1,64}", P::String{&Settings::stream_id}},
      {"sample-rate", "Most frames labelled a second, by their time stamps", P::Double{&Settings::sample_rate, 0, 1000},
       GST_PARAM_MUTABLE_PLAYING},
      {"sampling", "Which frames are labelled", P::Enum{&Settings::sampling, sampling_type}, GST_PARAM_MUTABLE_PLAYING},
      {"label-budget", "Most labels a second (0 = as many as the scheduler's grant allows)",
       P::Double{&Settings::label_budget, 0, 1e6}, GST_PARAM_MUTABLE_PLAYING},
      {"label-map",
       "Golden labels to the student's: car=vehicle,cat=-,*=other,none=other (- drops, none: nothing found)",
       P::String{&Settings::label_map}},
      {"threshold", "Labels of a lower confidence are marked doubtful", P::Double{&Settings::threshold, 0, 1}},
      {"doubtful-threshold", "Labels of a lower confidence are dropped",
       P::Double{&Settings::doubtful_threshold, 0, 1}},
      {"match-iou", "Least overlap (intersection over union) of a golden box and the region that it labels",
       P::Double{&Settings::match_iou, 0, 1}},
      {"label-agreement", "A label that this contradicts is marked doubtful",
       P::Enum{&Settings::label_agreement, label_agreement_type}},
      {"inference-region", "What is labelled", P::Enum{&Settings::inference_region, inference_region_type}},
      {"add-regions", "Boxes of a golden detector become regions where the frame has none",
       P::Boolean{&Settings::add_regions}},
      {"max-queue", "Sampled frames that may wait for the golden model; the oldest is dropped for a newer one",
       P::Uint{&Settings::max_queue, 1, 64}},
      {"stall-timeout", "Seconds for one frame after which the golden model counts as stalled",
       P::Double{&Settings::stall_timeout, 0.1, 3600}, GST_PARAM_MUTABLE_PLAYING},
      {"drift-detection", "Sample three times as fast for a while when the stream's scene seems to change",
       P::Boolean{&Settings::drift_detection}, GST_PARAM_MUTABLE_PLAYING}};
  return table;
}

}  // namespace

struct _GstEkyaLabel {
  GstElement parent;
  Labeller* impl;
};

G_DEFINE_TYPE(GstEkyaLabel, gst_ekya_label, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(ekyalabel, "ekyalabel", GST_RANK_NONE, GST_TYPE_EKYA_LABEL)

static Labeller& impl(gpointer self) { return *GST_EKYA_LABEL(self)->impl; }

static void gst_ekya_label_set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  guarded(GST_ELEMENT(object), [&] {
    if (properties().has(id)) {
      impl(object).with_settings([&](Settings& settings) { properties().set(settings, id, value); });
    } else {
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
  });
}

static void gst_ekya_label_get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  guarded(GST_ELEMENT(object), [&] {
    if (id == properties().end_id()) {
      g_value_take_boxed(value, impl(object).stats().release());
    } else if (properties().has(id)) {
      impl(object).with_settings([&](Settings& settings) { properties().get(settings, id, value); });
    } else {
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
  });
}

static GstFlowReturn gst_ekya_label_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  return guarded(GST_ELEMENT(parent), GST_FLOW_ERROR, [&] { return impl(parent).chain(MiniPtr<GstBuffer>(buffer)); });
}

static gboolean gst_ekya_label_sink_event(GstPad*, GstObject* parent, GstEvent* event) {
  return guarded(GST_ELEMENT(parent), FALSE,
                 [&]() -> gboolean { return impl(parent).sink_event(MiniPtr<GstEvent>(event)); });
}

static gboolean gst_ekya_label_sink_query(GstPad*, GstObject* parent, GstQuery* query) {
  return guarded(GST_ELEMENT(parent), FALSE, [&]() -> gboolean { return impl(parent).sink_query(query); });
}

static gboolean gst_ekya_label_src_event(GstPad*, GstObject* parent, GstEvent* event) {
  return guarded(GST_ELEMENT(parent), FALSE,
                 [&]() -> gboolean { return impl(parent).src_event(MiniPtr<GstEvent>(event)); });
}

static gboolean gst_ekya_label_src_query(GstPad*, GstObject* parent, GstQuery* query) {
  return guarded(GST_ELEMENT(parent), FALSE, [&]() -> gboolean { return impl(parent).src_query(query); });
}

static gboolean gst_ekya_label_activate_src(GstPad*, GstObject* parent, GstPadMode mode, gboolean active) {
  if (mode != GST_PAD_MODE_PUSH) return FALSE;
  return guarded(GST_ELEMENT(parent), FALSE, [&]() -> gboolean { return impl(parent).activate_src(active); });
}

static void gst_ekya_label_set_context(GstElement* element, GstContext* context) {
  guarded(element, [&] { impl(element).scheduler().set_context(context); });
  GST_ELEMENT_CLASS(gst_ekya_label_parent_class)->set_context(element, context);
}

static GstStateChangeReturn gst_ekya_label_change_state(GstElement* element, GstStateChange transition) {
  return guarded(element, GST_STATE_CHANGE_FAILURE, [&] {
    Labeller& labeller = impl(element);
    if (transition == GST_STATE_CHANGE_NULL_TO_READY && !labeller.open()) return GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !labeller.start()) return GST_STATE_CHANGE_FAILURE;
    const auto result = GST_ELEMENT_CLASS(gst_ekya_label_parent_class)->change_state(element, transition);
    const bool has_failed = result == GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
        (transition == GST_STATE_CHANGE_READY_TO_PAUSED && has_failed))
      labeller.stop();
    if (transition == GST_STATE_CHANGE_READY_TO_NULL || (transition == GST_STATE_CHANGE_NULL_TO_READY && has_failed))
      labeller.scheduler().forget();
    return result;
  });
}

static void gst_ekya_label_finalize(GObject* object) {
  delete GST_EKYA_LABEL(object)->impl;
  G_OBJECT_CLASS(gst_ekya_label_parent_class)->finalize(object);
}

static GstPad* gst_ekya_label_make_pad(GstEkyaLabel* self, GstStaticPadTemplate* pad_template) {
  GstPad* pad = gst_pad_new_from_static_template(pad_template, pad_template->name_template);
  GST_PAD_SET_PROXY_CAPS(pad);
  gst_element_add_pad(GST_ELEMENT(self), pad);
  return pad;
}

static void gst_ekya_label_init(GstEkyaLabel* self) {
  self->impl = new Labeller(GST_ELEMENT(self));  // deleted in finalize
  GstPad* sink = gst_ekya_label_make_pad(self, &sink_template);
  gst_pad_set_chain_function(sink, gst_ekya_label_chain);
  gst_pad_set_event_function(sink, gst_ekya_label_sink_event);
  gst_pad_set_query_function(sink, gst_ekya_label_sink_query);
  GstPad* src = gst_ekya_label_make_pad(self, &src_template);
  gst_pad_set_event_function(src, gst_ekya_label_src_event);
  gst_pad_set_query_function(src, gst_ekya_label_src_query);
  gst_pad_set_activatemode_function(src, gst_ekya_label_activate_src);
  self->impl->set_pads(sink, src);
}

static void gst_ekya_label_class_init(GstEkyaLabelClass* klass) {
  GST_DEBUG_CATEGORY_INIT(ekya_label_debug, "ekyalabel", 0, "Labelling of sampled frames");
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  object_class->set_property = gst_ekya_label_set_property;
  object_class->get_property = gst_ekya_label_get_property;
  object_class->finalize = gst_ekya_label_finalize;
  element_class->change_state = gst_ekya_label_change_state;
  element_class->set_context = gst_ekya_label_set_context;
  properties().install(object_class);
  g_object_class_install_property(
      object_class, properties().end_id(),
      g_param_spec_boxed("stats", "stats", "What was done since the start", GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(element_class, "Golden labeller", "Filter/Analyzer/Video",
                                        "Labels a sample of the frames with a golden model and passes those on",
                                        "Ekya for GStreamer developers");
}
