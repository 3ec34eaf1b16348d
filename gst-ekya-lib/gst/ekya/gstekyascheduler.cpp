// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:gstekyascheduler
 * @title: GstEkyaScheduler
 * @short_description: decides who computes when
 *
 * One object that all branches of a pipeline, and by #gst_ekya_scheduler_get_for_group several pipelines of a process,
 * negotiate with. Clients tell what they could use; it plans a window of time and grants each a share of a device.
 * Elements find it by the context `gst.ekya.scheduler` (gst_ekya_ensure_scheduler()), applications by
 * gst_ekya_scheduler_get_for_group() or the property `scheduler` of the element `ekyascheduler`.
 *
 * It has a thread of its own from the first request on, which sleeps until something is due. All functions are
 * thread-safe. The structures are described in docs/protocol.md.
 */
#include "gstekyascheduler.h"

#include <map>
#include <memory>
#include <string>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "gerror.h"
#include "gstekyaclient.h"
#include "gstekyaprivate.h"
#include "request_parser.h"
#include "scheduler_loop.h"
#include "scheduler_options.h"
#include "structures.h"
#include "trace.h"

GST_DEBUG_CATEGORY_STATIC(gst_ekya_scheduler_debug);
#define GST_CAT_DEFAULT gst_ekya_scheduler_debug

namespace {

using ekya::Error;
using ekya::ErrorCode;
using ekya::MutexLock;
using ekya::Seconds;
using ekya::Status;
using ekya::gst::guarded_call;
using ekya::scheduler::ClientKind;
using ekya::scheduler::ControllerOptions;
using ekya::scheduler::Steering;

constexpr std::size_t kMostCheckpoints = 1024;
constexpr std::size_t kLongestReason = 200;

enum { kSignalGrant, kSignalPlan, kSignalWindow, kSignalCheckpoint, kSignalDrift, kSignalTrace, kSignalCount };
guint signals[kSignalCount];

/// Emits what the loop tells as signals of the object, which outlives the loop's deliveries.
class Emitter : public ekya::gst::SchedulerListener {
 public:
  explicit Emitter(GstEkyaScheduler* self) : self_(self) {}

  void deliver(const ekya::gst::Delivery& delivery) override {
    const GstEkyaSchedulerRef hold(self_);
    if (wants_trace()) g_signal_emit(self_, signals[kSignalTrace], 0, ekya::gst::to_json(delivery).c_str());
    std::visit([this](const auto& what) { tell(what); }, delivery);
  }

  bool wants_trace() const override {
    return g_signal_has_handler_pending(self_, signals[kSignalTrace], 0, FALSE) != FALSE;
  }

 private:
  /// Keeps the object over several emissions: a handler may drop the last reference.
  struct GstEkyaSchedulerRef {
    explicit GstEkyaSchedulerRef(gpointer object) : object(gst_object_ref(object)) {}
    GstEkyaSchedulerRef(const GstEkyaSchedulerRef&) = delete;
    GstEkyaSchedulerRef& operator=(const GstEkyaSchedulerRef&) = delete;
    ~GstEkyaSchedulerRef() { gst_object_unref(object); }
    gpointer object;
  };

  void emit(guint signal, GstStructure* structure) {
    g_signal_emit(self_, signals[signal], 0, structure);
    gst_structure_free(structure);
  }

  void tell(const ekya::scheduler::WindowOpened& window) { emit(kSignalWindow, ekya::gst::to_structure(window)); }
  void tell(const ekya::scheduler::WindowClosed& window) { emit(kSignalWindow, ekya::gst::to_structure(window)); }
  void tell(const ekya::gst::ToldPlan& plan) { emit(kSignalPlan, ekya::gst::to_structure(plan)); }

  void tell(const ekya::gst::AddressedGrant& addressed) {
    if (addressed.member && addressed.member->left()) return;
    GstStructure* grant = ekya::gst::to_structure(addressed.grant);
    if (gpointer client = addressed.member ? addressed.member->client() : nullptr) {
      g_signal_emit_by_name(client, "granted", grant);
      gst_object_unref(client);
    }
    emit(kSignalGrant, grant);
  }

  // These two exist for the trace alone.
  void tell(const ekya::scheduler::ShareRequest&) {}
  void tell(const ekya::scheduler::ClientKey&) {}

  GstEkyaScheduler* const self_;
};

/// What the object is made of; lives from init to finalize.
struct Scheduler {
  explicit Scheduler(GstEkyaScheduler* self)
      : emitter(self), loop(std::make_shared<ekya::gst::SchedulerLoop>(&emitter)) {}

  Emitter emitter;
  const std::shared_ptr<ekya::gst::SchedulerLoop> loop;
  ekya::Mutex mutex;
  std::map<std::string, GstStructure*> checkpoints EKYA_GUARDED_BY(mutex);  ///< Newest one of each stream; owned.

  ~Scheduler() {
    for (auto& [stream, checkpoint] : checkpoints) gst_structure_free(checkpoint);
  }

  Status remember(const GstStructure* checkpoint) {
    const std::string stream = gst_structure_get_string(checkpoint, "stream-id");
    MutexLock lock(mutex);
    const auto found = checkpoints.find(stream);
    if (found == checkpoints.end() && checkpoints.size() >= kMostCheckpoints)
      return Error{ErrorCode::kResource, "there are checkpoints of " + std::to_string(kMostCheckpoints) + " streams"};
    if (found != checkpoints.end()) gst_structure_free(found->second);
    checkpoints[stream] = gst_structure_copy(checkpoint);
    return {};
  }

  GstStructure* newest(const gchar* stream) {
    MutexLock lock(mutex);
    const auto found = checkpoints.find(stream);
    return found == checkpoints.end() ? nullptr : gst_structure_copy(found->second);
  }
};

/// The process's schedulers by name. It holds no reference; a dead one's place is used again.
class Groups {
 public:
  GstEkyaScheduler* get(const std::string& name) {
    MutexLock lock(mutex_);
    const auto [found, is_new] = groups_.try_emplace(name);
    if (is_new) g_weak_ref_init(&found->second, nullptr);
    if (gpointer alive = g_weak_ref_get(&found->second)) return GST_EKYA_SCHEDULER(alive);
    GstEkyaScheduler* made = gst_ekya_scheduler_new();
    g_weak_ref_set(&found->second, made);
    return made;
  }

 private:
  ekya::Mutex mutex_;
  std::map<std::string, GWeakRef> groups_ EKYA_GUARDED_BY(mutex_);  // A map's nodes do not move, as a GWeakRef needs.
};

}  // namespace

/**
 * GstEkyaScheduler:
 *
 * The shared scheduler.
 */
struct _GstEkyaScheduler {
  GstObject parent;
  Scheduler* impl;
};

G_DEFINE_TYPE(GstEkyaScheduler, gst_ekya_scheduler, GST_TYPE_OBJECT)

namespace ekya::gst {

const std::shared_ptr<SchedulerLoop>& loop_of(GstEkyaScheduler* scheduler) { return scheduler->impl->loop; }

scheduler::ClientKind kind_of(GstEkyaClientKind kind) {
  switch (kind) {
    case GST_EKYA_CLIENT_LABELLING:
      return ClientKind::kLabelling;
    case GST_EKYA_CLIENT_RETRAINING:
      return ClientKind::kRetraining;
    case GST_EKYA_CLIENT_INFERENCE:
      break;
  }
  return ClientKind::kInference;
}

}  // namespace ekya::gst

/// The message names the property.
static Status set_option(GstEkyaScheduler* self, guint id, const char* name, const GValue* value) {
  const Status set = self->impl->loop->set_options(
      [&](ControllerOptions& options) { return ekya::gst::set_option(options, id, value); });
  if (set) return {};
  return Error{set.error().code, std::string("property ") + name + ": " + set.error().message};
}

static void gst_ekya_scheduler_set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  guarded_call(nullptr, 0, [&] {
    if (!ekya::gst::is_option(id)) {
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    } else if (Status set = set_option(GST_EKYA_SCHEDULER(object), id, spec->name, value); !set) {
      GST_WARNING_OBJECT(object, "%s; it keeps its value", set.error().message.c_str());
    }
    return 0;
  });
}

static void gst_ekya_scheduler_get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  guarded_call(nullptr, 0, [&] {
    if (ekya::gst::is_option(id)) {
      ekya::gst::get_option(GST_EKYA_SCHEDULER(object)->impl->loop->options(), id, value);
    } else {
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    return 0;
  });
}

static void gst_ekya_scheduler_dispose(GObject* object) {
  GST_EKYA_SCHEDULER(object)->impl->loop->stop();
  G_OBJECT_CLASS(gst_ekya_scheduler_parent_class)->dispose(object);
}

static void gst_ekya_scheduler_finalize(GObject* object) {
  delete GST_EKYA_SCHEDULER(object)->impl;
  G_OBJECT_CLASS(gst_ekya_scheduler_parent_class)->finalize(object);
}

static void gst_ekya_scheduler_init(GstEkyaScheduler* self) { self->impl = new Scheduler(self); }

static guint structure_signal(const char* name) {
  return g_signal_new(name, GST_TYPE_EKYA_SCHEDULER, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 1,
                      GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void install_signals() {
  /**
   * GstEkyaScheduler::grant:
   * @self: the scheduler
   * @grant: `ekya-share-grant`
   *
   * A client got another share or config. Emitted from the scheduler's thread without a lock.
   */
  signals[kSignalGrant] = structure_signal("grant");
  /**
   * GstEkyaScheduler::plan:
   * @self: the scheduler
   * @plan: `ekya-plan`
   *
   * A plan was made; the grants that follow from it come next. Emitted from the scheduler's thread without a lock.
   */
  signals[kSignalPlan] = structure_signal("plan");
  /**
   * GstEkyaScheduler::window:
   * @self: the scheduler
   * @window: `ekya-window`
   *
   * A window closed or opened. Emitted from the scheduler's thread without a lock.
   */
  signals[kSignalWindow] = structure_signal("window");
  /**
   * GstEkyaScheduler::checkpoint:
   * @self: the scheduler
   * @checkpoint: `ekya-checkpoint`
   *
   * A new student of a stream was published, or one taken back. Emitted from the publisher's thread without a lock.
   */
  signals[kSignalCheckpoint] = structure_signal("checkpoint");
  /**
   * GstEkyaScheduler::drift:
   * @self: the scheduler
   * @drift: `ekya-drift`
   *
   * What a stream's camera shows has changed, or its live accuracy fell. Emitted from the reporter's thread, which may
   * be a streaming thread, without a lock: a handler must not wait.
   */
  signals[kSignalDrift] = structure_signal("drift");
  /**
   * GstEkyaScheduler::trace:
   * @self: the scheduler
   * @line: one line of JSON without its end
   *
   * Everything that happens in a form that can be replayed: requests, plans with the problem that they solve, grants
   * and windows. Lines are made only while a handler is connected. Emitted from the scheduler's thread without a lock.
   */
  signals[kSignalTrace] = g_signal_new("trace", GST_TYPE_EKYA_SCHEDULER, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr,
                                       nullptr, G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void gst_ekya_scheduler_class_init(GstEkyaSchedulerClass* klass) {
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = gst_ekya_scheduler_set_property;
  object_class->get_property = gst_ekya_scheduler_get_property;
  object_class->dispose = gst_ekya_scheduler_dispose;
  object_class->finalize = gst_ekya_scheduler_finalize;
  ekya::gst::install_options(object_class);
  install_signals();
  GST_DEBUG_CATEGORY_INIT(gst_ekya_scheduler_debug, "ekya-scheduler", 0, "Ekya shared scheduler");
}

GType gst_ekya_client_kind_get_type(void) {
  static const GEnumValue values[] = {
      {GST_EKYA_CLIENT_INFERENCE, "GST_EKYA_CLIENT_INFERENCE", "inference"},
      {GST_EKYA_CLIENT_LABELLING, "GST_EKYA_CLIENT_LABELLING", "labelling"},
      {GST_EKYA_CLIENT_RETRAINING, "GST_EKYA_CLIENT_RETRAINING", "retraining"},
      {0, nullptr, nullptr},
  };
  static gsize type = 0;
  if (g_once_init_enter(&type)) g_once_init_leave(&type, g_enum_register_static("GstEkyaClientKind", values));
  return type;
}

/**
 * gst_ekya_scheduler_new:
 *
 * Returns: (transfer full): a scheduler of its own, for an application that sets it as context
 */
GstEkyaScheduler* gst_ekya_scheduler_new(void) {
  return GST_EKYA_SCHEDULER(gst_object_ref_sink(g_object_new(GST_TYPE_EKYA_SCHEDULER, nullptr)));
}

/**
 * gst_ekya_scheduler_get_for_group:
 * @group: (nullable): name of the group; %NULL or an empty string is "default"
 *
 * The scheduler that all pipelines of this process with the same group share. It lives as long as somebody holds it.
 *
 * Returns: (transfer full): the scheduler
 */
GstEkyaScheduler* gst_ekya_scheduler_get_for_group(const gchar* group) {
  static Groups& groups = *new Groups;  // Never destroyed: threads may outlive main().
  return groups.get(group && *group ? group : "default");
}

/**
 * gst_ekya_scheduler_set_option:
 * @self: the scheduler
 * @name: name of a property
 * @value: its value, of the property's type
 * @error: (nullable): place for the error
 *
 * Sets a property, as g_object_set_property() does, but tells what is wrong with the value.
 *
 * Returns: %FALSE when there is no such property or the value is refused; the old one stays
 */
gboolean gst_ekya_scheduler_set_option(GstEkyaScheduler* self, const gchar* name, const GValue* value, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), FALSE);
  g_return_val_if_fail(name && G_IS_VALUE(value), FALSE);
  return guarded_call(error, FALSE, [&] {
    const guint id = ekya::gst::option_id(name);
    if (id > 0) return ekya::gst::report(set_option(self, id, name, value), error);
    return ekya::gst::report(Error{ErrorCode::kNotFound, "there is no property " + ekya::printable(name)}, error);
  });
}

/**
 * gst_ekya_scheduler_set_policy:
 * @self: the scheduler
 * @policy: name of the policy
 * @error: (nullable): place for the error
 *
 * As the property, but tells what is wrong with the name.
 *
 * Returns: %FALSE when there is no such policy; the error lists the known ones and the old one stays
 */
gboolean gst_ekya_scheduler_set_policy(GstEkyaScheduler* self, const gchar* policy, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), FALSE);
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_STRING);
  g_value_set_string(&value, policy);
  const gboolean set = gst_ekya_scheduler_set_option(self, "policy", &value, error);
  g_value_unset(&value);
  return set;
}

/**
 * gst_ekya_scheduler_request:
 * @self: the scheduler
 * @request: `ekya-share-request` without `reply`
 * @error: (nullable): place for the error
 *
 * Joins a client or refreshes its figures, as the message `ekya-share-request` does. Later grants come by the signal
 * #GstEkyaScheduler::grant. Elements use #GstEkyaClient, which also makes the grant hold.
 *
 * Returns: (transfer full) (nullable): `ekya-share-grant`, in force until the next plan; %NULL with @error naming the
 *   field when the request is refused
 */
GstStructure* gst_ekya_scheduler_request(GstEkyaScheduler* self, const GstStructure* request, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), nullptr);
  return guarded_call(error, static_cast<GstStructure*>(nullptr), [&]() -> GstStructure* {
    const auto parsed = ekya::gst::parse_request(request);
    const auto grant = parsed ? self->impl->loop->request(nullptr, *parsed) : parsed.error();
    if (grant) return ekya::gst::to_structure(*grant);
    GST_INFO_OBJECT(self, "refused a request: %s", grant.error().message.c_str());
    ekya::gst::set_error(error, grant.error());
    return nullptr;
  });
}

/**
 * gst_ekya_scheduler_leave:
 * @self: the scheduler
 * @stream_id: the stream
 * @kind: what the client did
 * @client: the client's name
 *
 * Takes a client out that joined by gst_ekya_scheduler_request() or by message. Its share is planned anew for others.
 */
void gst_ekya_scheduler_leave(GstEkyaScheduler* self, const gchar* stream_id, GstEkyaClientKind kind,
                              const gchar* client) {
  g_return_if_fail(GST_IS_EKYA_SCHEDULER(self));
  g_return_if_fail(stream_id && client);
  guarded_call(nullptr, 0, [&] {
    self->impl->loop->leave({stream_id, ekya::gst::kind_of(kind), client});
    return 0;
  });
}

/// Checks the stream's name and the share of an order; -1 lifts the order.
static Status check_order(const gchar* stream_id, gdouble share) {
  if (Status name = ekya::check_name("stream-id", stream_id ? stream_id : ""); !name) return name;
  if (share == -1 || share >= 0) return {};
  return Error{ErrorCode::kInvalidArgument, "share " + std::to_string(share) + " is not >= 0; -1 lifts the order"};
}

static gboolean order_share(GstEkyaScheduler* self, const gchar* stream_id, GstEkyaClientKind kind, gdouble share,
                            std::optional<double> Steering::*field, GError** error) {
  return guarded_call(error, FALSE, [&] {
    if (Status order = check_order(stream_id, share); !order) return ekya::gst::report(order, error);
    const auto value = share < 0 ? std::nullopt : std::optional<double>(share);
    const auto change = [&](Steering& steering) { steering.*field = value; };
    return ekya::gst::report(self->impl->loop->steer(stream_id, ekya::gst::kind_of(kind), change), error);
  });
}

/**
 * gst_ekya_scheduler_pin_share:
 * @self: the scheduler
 * @stream_id: the stream
 * @kind: the kind of work
 * @share: exactly this share, in devices, at most the largest device; -1 lifts the pin
 * @error: (nullable): place for the error
 *
 * Holds from the next plan on, which is made at once, and for a stream that joins later too.
 *
 * Returns: %FALSE when the share is impossible, for example because all pins would sum to more than the devices
 */
gboolean gst_ekya_scheduler_pin_share(GstEkyaScheduler* self, const gchar* stream_id, GstEkyaClientKind kind,
                                      gdouble share, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), FALSE);
  return order_share(self, stream_id, kind, share, &Steering::pin, error);
}

/**
 * gst_ekya_scheduler_cap_share:
 * @self: the scheduler
 * @stream_id: the stream
 * @kind: the kind of work
 * @share: at most this share, in devices, at most the largest device; -1 lifts the cap
 * @error: (nullable): place for the error
 *
 * Returns: %FALSE when the share is impossible
 */
gboolean gst_ekya_scheduler_cap_share(GstEkyaScheduler* self, const gchar* stream_id, GstEkyaClientKind kind,
                                      gdouble share, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), FALSE);
  return order_share(self, stream_id, kind, share, &Steering::cap, error);
}

/**
 * gst_ekya_scheduler_exclude_stream:
 * @self: the scheduler
 * @stream_id: the stream
 * @excluded: whether it gets neither labelling nor retraining
 * @error: (nullable): place for the error
 *
 * Returns: %FALSE when the stream's name cannot be one
 */
gboolean gst_ekya_scheduler_exclude_stream(GstEkyaScheduler* self, const gchar* stream_id, gboolean excluded,
                                           GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), FALSE);
  return guarded_call(error, FALSE, [&] {
    if (Status order = check_order(stream_id, 0); !order) return ekya::gst::report(order, error);
    const auto change = [&](Steering& steering) { steering.excluded = excluded; };
    // One order excludes the whole stream, whichever kind it stands with.
    return ekya::gst::report(self->impl->loop->steer(stream_id, ClientKind::kRetraining, change), error);
  });
}

/**
 * gst_ekya_scheduler_veto_plan:
 * @self: the scheduler
 * @plan: number of the plan in force
 * @error: (nullable): place for the error
 *
 * Goes back to the plan before it, until the next window or change.
 *
 * Returns: %FALSE when @plan is not in force or there is none before it
 */
gboolean gst_ekya_scheduler_veto_plan(GstEkyaScheduler* self, guint64 plan, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), FALSE);
  return guarded_call(error, FALSE, [&] { return ekya::gst::report(self->impl->loop->veto(plan), error); });
}

/**
 * gst_ekya_scheduler_replan:
 * @self: the scheduler
 * @reason: (nullable): why, for `ekya-plan`
 *
 * Plans the rest of the window anew.
 */
void gst_ekya_scheduler_replan(GstEkyaScheduler* self, const gchar* reason) {
  g_return_if_fail(GST_IS_EKYA_SCHEDULER(self));
  guarded_call(nullptr, 0, [&] {
    self->impl->loop->replan(reason && *reason ? ekya::printable(reason, kLongestReason) : "asked");
    return 0;
  });
}

/**
 * gst_ekya_scheduler_explain:
 * @self: the scheduler
 *
 * Returns: (transfer full): why each stream got what it got in the plan in force, a line a stream
 */
gchar* gst_ekya_scheduler_explain(GstEkyaScheduler* self) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), nullptr);
  return guarded_call(nullptr, static_cast<gchar*>(nullptr),
                      [&] { return g_strdup(self->impl->loop->explain().c_str()); });
}

/**
 * gst_ekya_scheduler_publish_checkpoint:
 * @self: the scheduler
 * @checkpoint: `ekya-checkpoint`
 * @error: (nullable): place for the error
 *
 * Tells every `ekyainfer` of the stream, by #GstEkyaScheduler::checkpoint, which checkpoint to run.
 *
 * Returns: %FALSE when the structure is wrong; @error names the field
 */
gboolean gst_ekya_scheduler_publish_checkpoint(GstEkyaScheduler* self, const GstStructure* checkpoint, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), FALSE);
  return guarded_call(error, FALSE, [&] {
    Status checked = ekya::gst::check_checkpoint(checkpoint);
    if (checked) checked = self->impl->remember(checkpoint);
    if (checked) g_signal_emit(self, signals[kSignalCheckpoint], 0, checkpoint);
    return ekya::gst::report(checked, error);
  });
}

/**
 * gst_ekya_scheduler_get_checkpoint:
 * @self: the scheduler
 * @stream_id: the stream
 *
 * Returns: (transfer full) (nullable): the last `ekya-checkpoint` published for the stream
 */
GstStructure* gst_ekya_scheduler_get_checkpoint(GstEkyaScheduler* self, const gchar* stream_id) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), nullptr);
  g_return_val_if_fail(stream_id, nullptr);
  return guarded_call(nullptr, static_cast<GstStructure*>(nullptr), [&] { return self->impl->newest(stream_id); });
}

/**
 * gst_ekya_scheduler_report_drift:
 * @self: the scheduler
 * @drift: `ekya-drift`
 * @error: (nullable): place for the error
 *
 * Tells the elements of the stream, by #GstEkyaScheduler::drift, that its scene has changed.
 *
 * Returns: %FALSE when the structure is wrong; @error names the field
 */
gboolean gst_ekya_scheduler_report_drift(GstEkyaScheduler* self, const GstStructure* drift, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(self), FALSE);
  return guarded_call(error, FALSE, [&] {
    const Status checked = ekya::gst::check_drift(drift);
    if (checked) g_signal_emit(self, signals[kSignalDrift], 0, drift);
    return ekya::gst::report(checked, error);
  });
}
