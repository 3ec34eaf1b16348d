// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-ekyascheduler
 * @title: ekyascheduler
 * @short_description: owns the scheduler that a pipeline's learning elements negotiate with
 *
 * It has no pads: put it anywhere into the pipeline. It offers the shared #GstEkyaScheduler as context, answers
 * `ekya-share-request` messages of elements that are no #GstEkyaClient, and posts `ekya-plan`, `ekya-share-grant`,
 * `ekya-window` and `ekya-checkpoint` messages (docs/protocol.md). Without it a pipeline works too, with defaults.
 *
 * Only properties that were set are written to the shared scheduler, so that a second pipeline of the same group does
 * not undo the first one's settings. Of two in one pipeline the lowest name decides; the other stays silent.
 *
 * |[
 * gst-launch-1.0 -m ekyascheduler policy=phased window-duration=20 \
 *     ekyatestsrc is-live=true ! tee name=t ! queue ! ekyainfer model-file=student.safetensors ! fakesink \
 *     t. ! queue leaky=downstream ! ekyalabel model-file=golden.safetensors ! ekyaretrain
 * model-file=student.safetensors
 * ]|
 */
#include "gstekyaschedulerelement.h"

#include <gst/ekya/ekya.h>

#include <string>
#include <utility>

#include "glue/guarded.h"
#include "scheduler_element.h"

GST_DEBUG_CATEGORY_STATIC(gst_ekya_scheduler_element_debug);
#define GST_CAT_DEFAULT gst_ekya_scheduler_element_debug

using ekya::gst::guarded;
using ekya::gst::scheduler_id;
using ekya::gst::scheduler_properties;
using ekya::gst::SchedulerElement;
using ekya::gst::SchedulerPtr;
using ekya::gst::stats_id;

struct _GstEkyaSchedulerElement {
  GstElement parent;
  SchedulerElement* impl;
};

G_DEFINE_TYPE(GstEkyaSchedulerElement, gst_ekya_scheduler_element, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(ekyascheduler, "ekyascheduler", GST_RANK_NONE, GST_TYPE_EKYA_SCHEDULER_ELEMENT)

namespace ekya::gst {

SchedulerElement* impl_of(gpointer element) { return GST_EKYA_SCHEDULER_ELEMENT(element)->impl; }

}  // namespace ekya::gst

static SchedulerElement* impl(gpointer self) { return ekya::gst::impl_of(self); }

namespace {

/// Runs a steering function of the shared scheduler as an action of the element.
template <typename Function, typename... Args>
gboolean steer(GstEkyaSchedulerElement* self, const char* order, Function function, Args... args) {
  return guarded(self, FALSE, [&] {
    const SchedulerPtr scheduler = self->impl->scheduler();
    GError* error = nullptr;
    const gboolean done = function(scheduler.get(), args..., &error);
    return self->impl->ordered(order, done, error);
  });
}

}  // namespace

static gboolean gst_ekya_scheduler_element_pin_share(GstEkyaSchedulerElement* self, const gchar* stream_id,
                                                     GstEkyaClientKind kind, gdouble share) {
  return steer(self, "pin-share", gst_ekya_scheduler_pin_share, stream_id, kind, share);
}

static gboolean gst_ekya_scheduler_element_cap_share(GstEkyaSchedulerElement* self, const gchar* stream_id,
                                                     GstEkyaClientKind kind, gdouble share) {
  return steer(self, "cap-share", gst_ekya_scheduler_cap_share, stream_id, kind, share);
}

static gboolean gst_ekya_scheduler_element_exclude_stream(GstEkyaSchedulerElement* self, const gchar* stream_id,
                                                          gboolean excluded) {
  return steer(self, "exclude-stream", gst_ekya_scheduler_exclude_stream, stream_id, excluded);
}

static gboolean gst_ekya_scheduler_element_veto_plan(GstEkyaSchedulerElement* self, guint64 plan) {
  return steer(self, "veto-plan", gst_ekya_scheduler_veto_plan, plan);
}

static void gst_ekya_scheduler_element_replan(GstEkyaSchedulerElement* self, const gchar* reason) {
  guarded(self, [&] { gst_ekya_scheduler_replan(self->impl->scheduler().get(), reason); });
}

static gchar* gst_ekya_scheduler_element_explain(GstEkyaSchedulerElement* self) {
  return guarded(self, static_cast<gchar*>(nullptr),
                 [&] { return gst_ekya_scheduler_explain(self->impl->scheduler().get()); });
}

static void gst_ekya_scheduler_element_set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  if (!scheduler_properties().has(id)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  guarded(GST_ELEMENT(object), [&] { impl(object)->set_property(id, value); });
}

static void gst_ekya_scheduler_element_get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (id > stats_id()) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  guarded(GST_ELEMENT(object), [&] { impl(object)->get_property(id, value); });
}

static GstStateChangeReturn gst_ekya_scheduler_element_change_state(GstElement* element, GstStateChange change) {
  return guarded(element, GST_STATE_CHANGE_FAILURE, [&] {
    return impl(element)->change_state(change, GST_ELEMENT_CLASS(gst_ekya_scheduler_element_parent_class));
  });
}

static void gst_ekya_scheduler_element_set_context(GstElement* element, GstContext* context) {
  guarded(element, [&] { impl(element)->set_context(context); });
  GST_ELEMENT_CLASS(gst_ekya_scheduler_element_parent_class)->set_context(element, context);
}

static void gst_ekya_scheduler_element_set_bus(GstElement* element, GstBus* bus) {
  guarded(element, [&] { impl(element)->set_bus(bus); });
  GST_ELEMENT_CLASS(gst_ekya_scheduler_element_parent_class)->set_bus(element, bus);
}

static void gst_ekya_scheduler_element_finalize(GObject* object) {
  delete GST_EKYA_SCHEDULER_ELEMENT(object)->impl;
  G_OBJECT_CLASS(gst_ekya_scheduler_element_parent_class)->finalize(object);
}

static void gst_ekya_scheduler_element_init(GstEkyaSchedulerElement* self) {
  self->impl = new SchedulerElement(GST_ELEMENT(self));
}

static void install_properties(GObjectClass* object_class) {
  scheduler_properties().install(object_class);
  const auto flags = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      object_class, scheduler_id(),
      g_param_spec_object("scheduler", "scheduler", "The shared scheduler", GST_TYPE_EKYA_SCHEDULER, flags));
  g_object_class_install_property(
      object_class, stats_id(),
      g_param_spec_boxed("stats", "stats", "What happened since the element was made", GST_TYPE_STRUCTURE, flags));
}

template <typename... Types>
static void action(const char* name, GCallback handler, GType result, Types... types) {
  g_signal_new_class_handler(name, GST_TYPE_EKYA_SCHEDULER_ELEMENT,
                             static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION), handler, nullptr, nullptr,
                             nullptr, result, sizeof...(types), types...);
}

static void install_actions() {
  /**
   * GstEkyaSchedulerElement::pin-share:
   * @self: the element
   * @stream_id: the stream
   * @kind: the kind of work
   * @share: exactly this share, in devices, at most the largest device; -1 lifts the pin
   *
   * Returns: %FALSE, after a WARNING message that tells why, when the share is impossible
   */
  action("pin-share", G_CALLBACK(gst_ekya_scheduler_element_pin_share), G_TYPE_BOOLEAN, G_TYPE_STRING,
         GST_TYPE_EKYA_CLIENT_KIND, G_TYPE_DOUBLE);
  /**
   * GstEkyaSchedulerElement::cap-share:
   * @self: the element
   * @stream_id: the stream
   * @kind: the kind of work
   * @share: at most this share, in devices, at most the largest device; -1 lifts the cap
   *
   * Returns: %FALSE, after a WARNING message that tells why, when the share is impossible
   */
  action("cap-share", G_CALLBACK(gst_ekya_scheduler_element_cap_share), G_TYPE_BOOLEAN, G_TYPE_STRING,
         GST_TYPE_EKYA_CLIENT_KIND, G_TYPE_DOUBLE);
  /**
   * GstEkyaSchedulerElement::exclude-stream:
   * @self: the element
   * @stream_id: the stream
   * @excluded: whether it gets neither labelling nor retraining
   *
   * Returns: %FALSE, after a WARNING message that tells why, when the stream's name cannot be one
   */
  action("exclude-stream", G_CALLBACK(gst_ekya_scheduler_element_exclude_stream), G_TYPE_BOOLEAN, G_TYPE_STRING,
         G_TYPE_BOOLEAN);
  /**
   * GstEkyaSchedulerElement::veto-plan:
   * @self: the element
   * @plan: number of the plan in force, from `ekya-plan`
   *
   * Goes back to the plan before it until the next window or change.
   *
   * Returns: %FALSE, after a WARNING message that tells why, when it is not in force or there is none before it
   */
  action("veto-plan", G_CALLBACK(gst_ekya_scheduler_element_veto_plan), G_TYPE_BOOLEAN, G_TYPE_UINT64);
  /**
   * GstEkyaSchedulerElement::replan:
   * @self: the element
   * @reason: (nullable): why, for `ekya-plan`
   */
  action("replan", G_CALLBACK(gst_ekya_scheduler_element_replan), G_TYPE_NONE, G_TYPE_STRING);
  /**
   * GstEkyaSchedulerElement::explain:
   * @self: the element
   *
   * Returns: (transfer full): why each stream got what it got, a line a stream
   */
  action("explain", G_CALLBACK(gst_ekya_scheduler_element_explain), G_TYPE_STRING);
}

static void gst_ekya_scheduler_element_class_init(GstEkyaSchedulerElementClass* klass) {
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = gst_ekya_scheduler_element_set_property;
  object_class->get_property = gst_ekya_scheduler_element_get_property;
  object_class->finalize = gst_ekya_scheduler_element_finalize;
  install_properties(object_class);
  install_actions();

  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = gst_ekya_scheduler_element_change_state;
  element_class->set_context = gst_ekya_scheduler_element_set_context;
  element_class->set_bus = gst_ekya_scheduler_element_set_bus;
  gst_element_class_set_static_metadata(element_class, "Ekya scheduler", "Generic",
                                        "Shares the device among live inference, labelling and retraining",
                                        "Ekya for GStreamer developers");
  GST_DEBUG_CATEGORY_INIT(gst_ekya_scheduler_element_debug, "ekyascheduler", 0, "Ekya scheduler element");
}
