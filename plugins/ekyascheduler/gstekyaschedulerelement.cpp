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
 * gst-launch-1.0 -m ekyascheduler policy=thief window-duration=20 \
 *     ekyatestsrc is-live=true ! tee name=t ! queue ! ekyainfer model-file=student.safetensors ! fakesink \
 *     t. ! queue leaky=downstream ! ekyalabel model-file=golden.safetensors ! ekyaretrain
 * model-file=student.safetensors
 * ]|
 */
#include "gstekyaschedulerelement.h"

#include <gst/ekya/ekya.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "bus_listener.h"
#include "ekya/base/mutex.h"
#include "ekya/base/printable.h"
#include "ekya/scheduler/policy.h"
#include "foreign_clients.h"
#include "glue/call_gate.h"
#include "glue/guarded.h"
#include "glue/notice.h"
#include "glue/properties.h"
#include "glue/ptr.h"
#include "peers.h"
#include "trace_writer.h"

GST_DEBUG_CATEGORY_STATIC(gst_ekya_scheduler_element_debug);
#define GST_CAT_DEFAULT gst_ekya_scheduler_element_debug

namespace {

using ekya::MutexLock;
using ekya::gst::CallGate;
using ekya::gst::ErrorPtr;
using ekya::gst::guarded;
using ekya::gst::ObjectPtr;
using ekya::gst::Peers;
using ekya::gst::StructurePtr;
using ekya::gst::TraceWriter;

struct Settings {
  std::string policy = ekya::scheduler::kDefaultPolicy;
  gdouble window_duration = 200;
  gdouble quantum = 0.1;
  gdouble min_accuracy = 0.4;
  gdouble risk = 0;
  std::string devices = "cpu";
  std::string throughput_curve;
  std::string scheduler_group;
  std::string history_file;
};

/// The policies' names, as a property's description.
const char* policy_blurb() {
  static const std::string blurb = [] {
    std::string text;
    for (const std::string& name : ekya::scheduler::policy_names()) text += (text.empty() ? "" : ", ") + name;
    return "How windows are planned: " + text;
  }();
  return blurb.c_str();
}

const auto& properties() {
  using P = ekya::gst::Properties<Settings>;
  static const P table{
      {"policy", policy_blurb(), P::String{&Settings::policy}, GST_PARAM_MUTABLE_PLAYING},
      {"window-duration", "The period that one plan covers, in seconds",
       P::Double{&Settings::window_duration, 0.1, 86400}, GST_PARAM_MUTABLE_PLAYING},
      {"quantum", "The smallest share handed out, in devices", P::Double{&Settings::quantum, 0.01, 1},
       GST_PARAM_MUTABLE_PLAYING},
      {"min-accuracy", "Accuracy that live inference keeps at every instant where it can",
       P::Double{&Settings::min_accuracy, 0, 1}, GST_PARAM_MUTABLE_PLAYING},
      {"risk", "Standard deviations by which retrainings are planned worse than estimated",
       P::Double{&Settings::risk, 0, 10}, GST_PARAM_MUTABLE_PLAYING},
      {"devices", "Devices that are shared out, ID[=CAPACITY][/MEMORY_MB] separated by commas",
       P::String{&Settings::devices}, GST_PARAM_MUTABLE_PLAYING},
      {"throughput-curve", "Speed of a retraining job by its share, SHARE:SPEED separated by commas; empty: linear",
       P::String{&Settings::throughput_curve}, GST_PARAM_MUTABLE_PLAYING},
      {"scheduler-group", "Pipelines of this process with the same group share one scheduler",
       P::String{&Settings::scheduler_group}},
      {"history-file",
       "Write requests, plans with their problems, grants and windows to this file, a JSON object a line",
       P::String{&Settings::history_file}}};
  return table;
}

/// The first rows are the shared scheduler's properties, under the same names.
constexpr guint kLastSchedulerId = 7;

/// One property's value.
class Value {
 public:
  Value(const Settings& settings, guint id) {
    const bool is_text = std::holds_alternative<ekya::gst::Properties<Settings>::String>(properties().row(id).kind);
    g_value_init(&value_, is_text ? G_TYPE_STRING : G_TYPE_DOUBLE);
    properties().get(settings, id, &value_);
  }
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  ~Value() { g_value_unset(&value_); }

  const GValue* get() const { return &value_; }

 private:
  GValue value_ = G_VALUE_INIT;
};

guint scheduler_id() { return properties().end_id(); }
guint stats_id() { return properties().end_id() + 1; }

/// Owns one reference on a GstEkyaScheduler.
using SchedulerPtr = ObjectPtr<GstEkyaScheduler>;

SchedulerPtr reference(GstEkyaScheduler* scheduler) {
  return SchedulerPtr(scheduler ? GST_EKYA_SCHEDULER(gst_object_ref(scheduler)) : nullptr);
}

class Element {
 public:
  explicit Element(GstElement* self) : self_(self) {}

  void set_property(guint id, const GValue* value);
  void get_property(guint id, GValue* value);
  GstStateChangeReturn change_state(GstStateChange change, GstElementClass* parent);
  void set_context(GstContext* context);
  void set_bus(GstBus* bus);

  void heard(GstMessage* message);
  void post(const GstStructure* structure);
  void count_plan(const GstStructure* plan);
  void trace(const gchar* line);
  /// Writes the settings to the shared scheduler and offers it as context.
  void lead();

  SchedulerPtr scheduler();
  /// TRUE, or FALSE after a warning that tells why the order was refused.
  gboolean ordered(const char* order, gboolean done, GError* error);

 private:
  struct Counts {
    std::atomic<guint64> requests{0}, refused{0}, plans{0}, grants{0}, windows{0}, checkpoints{0};
    std::atomic<double> mean_accuracy{0};
  };

  bool start();
  void stop();
  SchedulerPtr find_scheduler(const std::string& group);
  void connect(GstEkyaScheduler* scheduler);
  void announce(GstEkyaScheduler* scheduler);
  void open_trace(const std::string& path);
  std::shared_ptr<TraceWriter> tracer() const;
  void warn_of_other();
  void warn(const std::string& kind, const std::string& text);
  /// Empty, or why the scheduler does not take the property's value.
  std::string apply(guint id, const Settings& settings, GstEkyaScheduler* scheduler);
  /// Writes every property that was set; the first refusal, or empty.
  std::string apply_all();
  /// As apply_all(); posts the refusal as an error.
  bool apply_or_fail();
  void answer(GstMessage* message, const GstStructure* request, GstPromise* promise);
  GstStructure* stats() const;

  GstElement* const self_;
  ekya::Mutex mutex_;
  Settings settings_ EKYA_GUARDED_BY(mutex_);
  std::set<guint> touched_ EKYA_GUARDED_BY(mutex_);  ///< Properties that somebody set.
  SchedulerPtr scheduler_ EKYA_GUARDED_BY(mutex_);
  gconstpointer announced_ EKYA_GUARDED_BY(mutex_) = nullptr;  ///< The scheduler of our own context; its address alone.
  std::atomic<bool> started_{false};
  gulong handlers_[5] = {};   ///< The state change's.
  ekya::gst::CallGate gate_;  ///< Of the scheduler's signals.
  ekya::gst::BusListener listener_;
  ekya::gst::Notices notices_;
  mutable ekya::Mutex trace_mutex_;
  std::shared_ptr<TraceWriter> trace_ EKYA_GUARDED_BY(trace_mutex_);
  Counts counts_;
};

}  // namespace

struct _GstEkyaSchedulerElement {
  GstElement parent;
  Element* impl;
};

G_DEFINE_TYPE(GstEkyaSchedulerElement, gst_ekya_scheduler_element, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE(ekyascheduler, "ekyascheduler", GST_RANK_NONE, GST_TYPE_EKYA_SCHEDULER_ELEMENT)

static Element* impl(gpointer self) { return GST_EKYA_SCHEDULER_ELEMENT(self)->impl; }

namespace {

SchedulerPtr Element::scheduler() {
  std::string group;
  {
    MutexLock lock(mutex_);
    if (scheduler_) return reference(scheduler_.get());
    group = settings_.scheduler_group;
  }
  SchedulerPtr found(gst_ekya_scheduler_get_for_group(group.c_str()));
  MutexLock lock(mutex_);
  if (!scheduler_) scheduler_ = reference(found.get());
  return reference(scheduler_.get());
}

/// The one of the group; without a group what an application or a parent gave as context, else the default group's.
SchedulerPtr Element::find_scheduler(const std::string& group) {
  if (!group.empty()) return SchedulerPtr(gst_ekya_scheduler_get_for_group(group.c_str()));
  GstContext* context = gst_element_get_context(self_, GST_EKYA_SCHEDULER_CONTEXT_TYPE);
  if (!context) {
    gst_element_post_message(self_, gst_message_new_need_context(GST_OBJECT(self_), GST_EKYA_SCHEDULER_CONTEXT_TYPE));
    context = gst_element_get_context(self_, GST_EKYA_SCHEDULER_CONTEXT_TYPE);
  }
  SchedulerPtr given(context ? gst_context_get_ekya_scheduler(context) : nullptr);
  if (context) gst_context_unref(context);
  MutexLock lock(mutex_);
  // Our own context of an earlier start stays on the pipeline; the group may have been another one then.
  if (given && given.get() != announced_) return given;
  return SchedulerPtr(gst_ekya_scheduler_get_for_group(nullptr));
}

bool Element::start() {
  std::string group, history_file;
  {
    MutexLock lock(mutex_);
    group = settings_.scheduler_group;
    history_file = settings_.history_file;
  }
  SchedulerPtr scheduler = find_scheduler(group);
  {
    MutexLock lock(mutex_);
    scheduler_ = reference(scheduler.get());
  }
  notices_.reset();
  const ObjectPtr<GstElement> top(ekya::gst::top_of(self_));
  Peers::add(self_, GST_OBJECT(top.get()));
  started_ = true;
  if (!history_file.empty()) open_trace(history_file);
  connect(scheduler.get());
  listener_.start(self_, top.get(), [](GstBus*, GstMessage* message, gpointer self) {
    guarded(GST_ELEMENT(self), [&] { impl(self)->heard(message); });
  });
  warn_of_other();
  if (!Peers::leads(self_)) return true;
  if (!apply_or_fail()) return false;
  announce(scheduler.get());
  return true;
}

void Element::stop() {
  if (!started_.exchange(false)) return;
  listener_.stop();
  const ObjectPtr<GstElement> next(Peers::remove(self_));
  SchedulerPtr scheduler;
  {
    MutexLock lock(mutex_);
    scheduler = std::move(scheduler_);
  }
  for (gulong& handler : handlers_)
    if (handler) g_signal_handler_disconnect(scheduler.get(), std::exchange(handler, 0));
  gate_.close();
  std::shared_ptr<TraceWriter> trace;
  {
    MutexLock lock(trace_mutex_);
    trace = std::move(trace_);
  }
  trace.reset();
  if (next) impl(next.get())->lead();
}

void Element::lead() {
  if (const std::string why = apply_all(); !why.empty()) warn("setting-refused", why);
  announce(scheduler().get());
}

void Element::connect(GstEkyaScheduler* scheduler) {
  const auto post = +[](gpointer, const GstStructure* structure, gpointer self) {
    guarded(GST_ELEMENT(self), [&] {
      if (const CallGate::Call call(impl(self)->gate_); call) impl(self)->post(structure);
    });
  };
  const auto trace = +[](gpointer, const gchar* line, gpointer self) {
    guarded(GST_ELEMENT(self), [&] {
      if (const CallGate::Call call(impl(self)->gate_); call) impl(self)->trace(line);
    });
  };
  gate_.open();
  // The closures keep the element alive during a call in the scheduler's thread.
  const char* names[] = {"plan", "grant", "window", "checkpoint"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    handlers_[i] = g_signal_connect_object(scheduler, names[i], G_CALLBACK(post), self_, static_cast<GConnectFlags>(0));
  if (tracer())
    handlers_[4] = g_signal_connect_object(scheduler, "trace", G_CALLBACK(trace), self_, static_cast<GConnectFlags>(0));
}

void Element::announce(GstEkyaScheduler* scheduler) {
  {
    MutexLock lock(mutex_);
    announced_ = scheduler;
  }
  GstContext* context = gst_context_new_ekya_scheduler(scheduler);
  const ObjectPtr<GstElement> top(ekya::gst::top_of(self_));
  // A bin hands it on to what is in it and to what is added later.
  gst_element_set_context(top.get(), context);
  gst_element_post_message(self_, gst_message_new_have_context(GST_OBJECT(self_), context));
}

void Element::open_trace(const std::string& path) {
  const auto failed = [this](const std::string& why) { warn("trace-failed", "property history-file: " + why); };
  auto writer = TraceWriter::open(path, failed);
  if (!writer) return failed(writer.error().message);
  MutexLock lock(trace_mutex_);
  trace_ = *std::move(writer);
}

std::shared_ptr<TraceWriter> Element::tracer() const {
  MutexLock lock(trace_mutex_);
  return trace_;
}

void Element::trace(const gchar* line) {
  MutexLock lock(trace_mutex_);
  if (trace_) trace_->write(line);
}

void Element::warn_of_other() {
  const ObjectPtr<GstElement> other(Peers::other(self_));
  if (!other) return;
  const bool leads = Peers::leads(self_);
  GstElement* first = leads ? self_ : other.get();
  GstElement* second = leads ? other.get() : self_;
  warn("two-schedulers",
       "There are two ekyascheduler elements in this pipeline: " + std::string(GST_OBJECT_NAME(first)) +
           " decides and " + GST_OBJECT_NAME(second) + " stays silent. Remove one.");
}

void Element::warn(const std::string& kind, const std::string& text) {
  if (const auto notice = notices_.take(kind, text))
    GST_ELEMENT_WARNING(self_, RESOURCE, SETTINGS, ("%s", notice->c_str()), ("%s", kind.c_str()));
}

std::string Element::apply(guint id, const Settings& settings, GstEkyaScheduler* scheduler) {
  if (id > kLastSchedulerId) return "";
  const char* name = properties().row(id).name;
  GError* error = nullptr;
  const gboolean set = gst_ekya_scheduler_set_option(scheduler, name, Value(settings, id).get(), &error);
  const ErrorPtr owner(error);
  return set ? "" : error ? error->message : std::string("property ") + name + " is refused";
}

std::string Element::apply_all() {
  const SchedulerPtr scheduler = this->scheduler();
  std::set<guint> touched;
  Settings settings;
  {
    MutexLock lock(mutex_);
    touched = touched_;
    settings = settings_;
  }
  for (guint id : touched)
    if (std::string why = apply(id, settings, scheduler.get()); !why.empty()) return why;
  return "";
}

bool Element::apply_or_fail() {
  const std::string why = apply_all();
  if (!why.empty()) GST_ELEMENT_ERROR(self_, RESOURCE, SETTINGS, ("%s", why.c_str()), (nullptr));
  return why.empty();
}

void Element::set_property(guint id, const GValue* value) {
  Settings before, after;
  {
    MutexLock lock(mutex_);
    before = settings_;
    properties().set(settings_, id, value);
    touched_.insert(id);
    after = settings_;
    // An element that is not started yet may have looked the scheduler up for somebody.
    if (!started_ && before.scheduler_group != after.scheduler_group) scheduler_.reset();
  }
  if (!started_ || !Peers::leads(self_)) return;
  const std::string why = apply(id, after, scheduler().get());
  if (why.empty() || GST_STATE(self_) < GST_STATE_PAUSED) return;  // In READY: refused on the way to PAUSED.
  warn("setting-refused", why + "; the old value stays");
  MutexLock lock(mutex_);
  properties().set(settings_, id, Value(before, id).get());
}

void Element::get_property(guint id, GValue* value) {
  if (properties().has(id)) {
    MutexLock lock(mutex_);
    properties().get(settings_, id, value);
  } else if (id == scheduler_id()) {
    g_value_take_object(value, scheduler().release());
  } else if (id == stats_id()) {
    g_value_take_boxed(value, stats());
  }
}

GstStructure* Element::stats() const {
  const auto trace = tracer();
  return gst_structure_new(
      "ekyascheduler-stats", "active", G_TYPE_BOOLEAN, static_cast<gboolean>(Peers::leads(self_)), "requests",
      G_TYPE_UINT64, counts_.requests.load(), "refused", G_TYPE_UINT64, counts_.refused.load(), "plans", G_TYPE_UINT64,
      counts_.plans.load(), "grants", G_TYPE_UINT64, counts_.grants.load(), "windows", G_TYPE_UINT64,
      counts_.windows.load(), "checkpoints", G_TYPE_UINT64, counts_.checkpoints.load(), "mean-accuracy", G_TYPE_DOUBLE,
      counts_.mean_accuracy.load(), "trace-lines", G_TYPE_UINT64, trace ? guint64{trace->lines()} : guint64{0},
      "trace-dropped", G_TYPE_UINT64, trace ? guint64{trace->dropped()} : guint64{0}, nullptr);
}

GstStateChangeReturn Element::change_state(GstStateChange change, GstElementClass* parent) {
  if (change == GST_STATE_CHANGE_NULL_TO_READY && !start()) {
    stop();
    return GST_STATE_CHANGE_FAILURE;
  }
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED && Peers::leads(self_) && !apply_or_fail())
    return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result = parent->change_state(self_, change);
  if (change == GST_STATE_CHANGE_READY_TO_NULL) stop();
  return result;
}

void Element::set_context(GstContext* context) {
  SchedulerPtr given(gst_context_get_ekya_scheduler(context));
  MutexLock lock(mutex_);
  if (given && !started_ && settings_.scheduler_group.empty()) scheduler_.swap(given);
}

/// A bin takes the bus away when the element is removed; it holds locks then.
void Element::set_bus(GstBus* bus) {
  if (!bus) listener_.stop();
}

void Element::post(const GstStructure* structure) {
  if (!started_ || !Peers::leads(self_)) return;
  if (gst_structure_has_name(structure, "ekya-plan")) count_plan(structure);
  if (gst_structure_has_name(structure, "ekya-share-grant")) ++counts_.grants;
  if (gst_structure_has_name(structure, "ekya-window")) ++counts_.windows;
  if (gst_structure_has_name(structure, "ekya-checkpoint")) ++counts_.checkpoints;
  gst_element_post_message(self_, gst_message_new_element(GST_OBJECT(self_), gst_structure_copy(structure)));
}

void Element::count_plan(const GstStructure* plan) {
  ++counts_.plans;
  double mean = 0;
  if (gst_structure_get_double(plan, "mean-accuracy", &mean)) counts_.mean_accuracy = mean;
}

void Element::heard(GstMessage* message) {
  const GstStructure* request = gst_message_get_structure(message);
  if (!request || !gst_structure_has_name(request, "ekya-share-request") || !started_ || !Peers::leads(self_)) return;
  ++counts_.requests;
  const GValue* reply = gst_structure_get_value(request, "reply");
  auto* promise = reply && G_VALUE_HOLDS(reply, GST_TYPE_PROMISE) ? GST_PROMISE(g_value_get_boxed(reply)) : nullptr;
  // A GstEkyaClient asks the shared scheduler itself when the message has come back: applications have until then.
  static const GQuark of_client = g_quark_from_static_string("gst-ekya-client-promise");
  if (promise && gst_mini_object_get_qdata(GST_MINI_OBJECT_CAST(promise), of_client)) return;
  answer(message, request, promise);
}

/// For elements that know the protocol alone. An application steers them by the action signals: GstPromise cannot tell
/// whether somebody has answered already.
void Element::answer(GstMessage* message, const GstStructure* request, GstPromise* promise) {
  const SchedulerPtr scheduler = this->scheduler();
  GstObject* source = GST_MESSAGE_SRC(message);
  StructurePtr named;
  if (source && !gst_structure_has_field(request, "client")) {
    named.reset(gst_structure_copy(request));
    gst_structure_set(named.get(), "client", G_TYPE_STRING, GST_OBJECT_NAME(source), nullptr);
    request = named.get();
  }
  GError* error = nullptr;
  StructurePtr grant(gst_ekya_scheduler_request(scheduler.get(), request, &error));
  const ErrorPtr owner(error);
  if (!grant) {
    ++counts_.refused;
    const std::string why = error ? error->message : "unknown reason";
    warn("request-refused", "ekya-share-request of " + ekya::printable(source ? GST_OBJECT_NAME(source) : "nobody") +
                                " is refused: " + why);
    if (promise)
      gst_promise_reply(promise,
                        gst_structure_new("ekya-share-refusal", "reason", G_TYPE_STRING, why.c_str(), nullptr));
    return;
  }
  if (source) ekya::gst::leave_with(G_OBJECT(source), scheduler.get(), grant.get());
  if (promise) gst_promise_reply(promise, grant.release());
}

gboolean Element::ordered(const char* order, gboolean done, GError* error) {
  const ErrorPtr owner(error);
  if (!done) warn(order, std::string(order) + " is refused: " + (error ? error->message : "unknown reason"));
  return done;
}

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
  if (!properties().has(id)) {
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
  self->impl = new Element(GST_ELEMENT(self));
}

static void install_properties(GObjectClass* object_class) {
  properties().install(object_class);
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
