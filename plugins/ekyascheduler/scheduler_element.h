// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/ekya.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>

#include "bus_listener.h"
#include "ekya/base/mutex.h"
#include "glue/call_gate.h"
#include "glue/notice.h"
#include "glue/ptr.h"
#include "scheduler_settings.h"
#include "trace_writer.h"

namespace ekya::gst {

/// Owns one reference on a GstEkyaScheduler.
using SchedulerPtr = ObjectPtr<GstEkyaScheduler>;

/// The element behind the GObject; see gstekyaschedulerelement.cpp. Thread-safe but for the state changes.
class SchedulerElement {
 public:
  explicit SchedulerElement(GstElement* self) : self_(self) {}

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
  std::string apply(guint id, const SchedulerSettings& settings, GstEkyaScheduler* scheduler);
  /// Writes every property that was set; the first refusal, or empty.
  std::string apply_all();
  /// As apply_all(); posts the refusal as an error.
  bool apply_or_fail();
  void answer(GstMessage* message, const GstStructure* request, GstPromise* promise);
  GstStructure* stats() const;

  GstElement* const self_;
  Mutex mutex_;
  SchedulerSettings settings_ EKYA_GUARDED_BY(mutex_);
  std::set<guint> touched_ EKYA_GUARDED_BY(mutex_);  ///< Properties that somebody set.
  SchedulerPtr scheduler_ EKYA_GUARDED_BY(mutex_);
  gconstpointer announced_ EKYA_GUARDED_BY(mutex_) = nullptr;  ///< The scheduler of our own context; its address alone.
  std::atomic<bool> started_{false};
  gulong handlers_[5] = {};  ///< The state change's.
  CallGate gate_;            ///< Of the scheduler's signals.
  BusListener listener_;
  Notices notices_;
  mutable Mutex trace_mutex_;
  std::shared_ptr<TraceWriter> trace_ EKYA_GUARDED_BY(trace_mutex_);
  Counts counts_;
};

/// Of a GstEkyaSchedulerElement.
SchedulerElement* impl_of(gpointer element);

}  // namespace ekya::gst
