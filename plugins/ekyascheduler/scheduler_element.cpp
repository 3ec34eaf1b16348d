// SPDX-License-Identifier: LGPL-2.1-or-later
#include "scheduler_element.h"

#include <utility>

#include "ekya/base/printable.h"
#include "foreign_clients.h"
#include "glue/guarded.h"
#include "peers.h"

namespace ekya::gst {
namespace {

SchedulerPtr reference(GstEkyaScheduler* scheduler) {
  return SchedulerPtr(scheduler ? GST_EKYA_SCHEDULER(gst_object_ref(scheduler)) : nullptr);
}

}  // namespace

SchedulerPtr SchedulerElement::scheduler() {
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
SchedulerPtr SchedulerElement::find_scheduler(const std::string& group) {
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

bool SchedulerElement::start() {
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
  const ObjectPtr<GstElement> top(top_of(self_));
  Peers::add(self_, GST_OBJECT(top.get()));
  started_ = true;
  if (!history_file.empty()) open_trace(history_file);
  connect(scheduler.get());
  listener_.start(self_, top.get(), [](GstBus*, GstMessage* message, gpointer self) {
    guarded(GST_ELEMENT(self), [&] { impl_of(self)->heard(message); });
  });
  warn_of_other();
  if (!Peers::leads(self_)) return true;
  if (!apply_or_fail()) return false;
  announce(scheduler.get());
  return true;
}

void SchedulerElement::stop() {
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
  if (next) impl_of(next.get())->lead();
}

void SchedulerElement::lead() {
  if (const std::string why = apply_all(); !why.empty()) warn("setting-refused", why);
  announce(scheduler().get());
}

void SchedulerElement::connect(GstEkyaScheduler* scheduler) {
  const auto post = +[](gpointer, const GstStructure* structure, gpointer self) {
    guarded(GST_ELEMENT(self), [&] {
      if (const CallGate::Call call(impl_of(self)->gate_); call) impl_of(self)->post(structure);
    });
  };
  const auto trace = +[](gpointer, const gchar* line, gpointer self) {
    guarded(GST_ELEMENT(self), [&] {
      if (const CallGate::Call call(impl_of(self)->gate_); call) impl_of(self)->trace(line);
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

void SchedulerElement::announce(GstEkyaScheduler* scheduler) {
  {
    MutexLock lock(mutex_);
    announced_ = scheduler;
  }
  GstContext* context = gst_context_new_ekya_scheduler(scheduler);
  const ObjectPtr<GstElement> top(top_of(self_));
  // A bin hands it on to what is in it and to what is added later.
  gst_element_set_context(top.get(), context);
  gst_element_post_message(self_, gst_message_new_have_context(GST_OBJECT(self_), context));
}

void SchedulerElement::open_trace(const std::string& path) {
  const auto failed = [this](const std::string& why) { warn("trace-failed", "property history-file: " + why); };
  auto writer = TraceWriter::open(path, failed);
  if (!writer) return failed(writer.error().message);
  MutexLock lock(trace_mutex_);
  trace_ = *std::move(writer);
}

std::shared_ptr<TraceWriter> SchedulerElement::tracer() const {
  MutexLock lock(trace_mutex_);
  return trace_;
}

void SchedulerElement::trace(const gchar* line) {
  MutexLock lock(trace_mutex_);
  if (trace_) trace_->write(line);
}

void SchedulerElement::warn_of_other() {
  const ObjectPtr<GstElement> other(Peers::other(self_));
  if (!other) return;
  const bool leads = Peers::leads(self_);
  GstElement* first = leads ? self_ : other.get();
  GstElement* second = leads ? other.get() : self_;
  warn("two-schedulers",
       "There are two ekyascheduler elements in this pipeline: " + std::string(GST_OBJECT_NAME(first)) +
           " decides and " + GST_OBJECT_NAME(second) + " stays silent. Remove one.");
}

void SchedulerElement::warn(const std::string& kind, const std::string& text) {
  if (const auto notice = notices_.take(kind, text))
    GST_ELEMENT_WARNING(self_, RESOURCE, SETTINGS, ("%s", notice->c_str()), ("%s", kind.c_str()));
}

std::string SchedulerElement::apply(guint id, const SchedulerSettings& settings, GstEkyaScheduler* scheduler) {
  if (id > kLastSchedulerId) return "";
  const char* name = scheduler_properties().row(id).name;
  GError* error = nullptr;
  const gboolean set = gst_ekya_scheduler_set_option(scheduler, name, PropertyValue(settings, id).get(), &error);
  const ErrorPtr owner(error);
  return set ? "" : error ? error->message : std::string("property ") + name + " is refused";
}

std::string SchedulerElement::apply_all() {
  const SchedulerPtr scheduler = this->scheduler();
  std::set<guint> touched;
  SchedulerSettings settings;
  {
    MutexLock lock(mutex_);
    touched = touched_;
    settings = settings_;
  }
  for (guint id : touched)
    if (std::string why = apply(id, settings, scheduler.get()); !why.empty()) return why;
  return "";
}

bool SchedulerElement::apply_or_fail() {
  const std::string why = apply_all();
  if (!why.empty()) GST_ELEMENT_ERROR(self_, RESOURCE, SETTINGS, ("%s", why.c_str()), (nullptr));
  return why.empty();
}

void SchedulerElement::set_property(guint id, const GValue* value) {
  SchedulerSettings before, after;
  {
    MutexLock lock(mutex_);
    before = settings_;
    scheduler_properties().set(settings_, id, value);
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
  scheduler_properties().set(settings_, id, PropertyValue(before, id).get());
}

void SchedulerElement::get_property(guint id, GValue* value) {
  if (scheduler_properties().has(id)) {
    MutexLock lock(mutex_);
    scheduler_properties().get(settings_, id, value);
  } else if (id == scheduler_id()) {
    g_value_take_object(value, scheduler().release());
  } else if (id == stats_id()) {
    g_value_take_boxed(value, stats());
  }
}

GstStructure* SchedulerElement::stats() const {
  const auto trace = tracer();
  return gst_structure_new(
      "ekyascheduler-stats", "active", G_TYPE_BOOLEAN, static_cast<gboolean>(Peers::leads(self_)), "requests",
      G_TYPE_UINT64, counts_.requests.load(), "refused", G_TYPE_UINT64, counts_.refused.load(), "plans", G_TYPE_UINT64,
      counts_.plans.load(), "grants", G_TYPE_UINT64, counts_.grants.load(), "windows", G_TYPE_UINT64,
      counts_.windows.load(), "checkpoints", G_TYPE_UINT64, counts_.checkpoints.load(), "mean-accuracy", G_TYPE_DOUBLE,
      counts_.mean_accuracy.load(), "trace-lines", G_TYPE_UINT64, trace ? guint64{trace->lines()} : guint64{0},
      "trace-dropped", G_TYPE_UINT64, trace ? guint64{trace->dropped()} : guint64{0}, nullptr);
}

GstStateChangeReturn SchedulerElement::change_state(GstStateChange change, GstElementClass* parent) {
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

void SchedulerElement::set_context(GstContext* context) {
  SchedulerPtr given(gst_context_get_ekya_scheduler(context));
  MutexLock lock(mutex_);
  if (given && !started_ && settings_.scheduler_group.empty()) scheduler_.swap(given);
}

/// A bin takes the bus away when the element is removed; it holds locks then.
void SchedulerElement::set_bus(GstBus* bus) {
  if (!bus) listener_.stop();
}

void SchedulerElement::post(const GstStructure* structure) {
  if (!started_ || !Peers::leads(self_)) return;
  if (gst_structure_has_name(structure, "ekya-plan")) count_plan(structure);
  if (gst_structure_has_name(structure, "ekya-share-grant")) ++counts_.grants;
  if (gst_structure_has_name(structure, "ekya-window")) ++counts_.windows;
  if (gst_structure_has_name(structure, "ekya-checkpoint")) ++counts_.checkpoints;
  gst_element_post_message(self_, gst_message_new_element(GST_OBJECT(self_), gst_structure_copy(structure)));
}

void SchedulerElement::count_plan(const GstStructure* plan) {
  ++counts_.plans;
  double mean = 0;
  if (gst_structure_get_double(plan, "mean-accuracy", &mean)) counts_.mean_accuracy = mean;
}

void SchedulerElement::heard(GstMessage* message) {
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
void SchedulerElement::answer(GstMessage* message, const GstStructure* request, GstPromise* promise) {
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
    warn("request-refused",
         "ekya-share-request of " + printable(source ? GST_OBJECT_NAME(source) : "nobody") + " is refused: " + why);
    if (promise)
      gst_promise_reply(promise,
                        gst_structure_new("ekya-share-refusal", "reason", G_TYPE_STRING, why.c_str(), nullptr));
    return;
  }
  if (source) leave_with(G_OBJECT(source), scheduler.get(), grant.get());
  if (promise) gst_promise_reply(promise, grant.release());
}

gboolean SchedulerElement::ordered(const char* order, gboolean done, GError* error) {
  const ErrorPtr owner(error);
  if (!done) warn(order, std::string(order) + " is refused: " + (error ? error->message : "unknown reason"));
  return done;
}

}  // namespace ekya::gst
