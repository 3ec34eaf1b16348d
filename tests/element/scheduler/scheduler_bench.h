// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/ekya.h>
#include <gst/gst.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ekya/base/mutex.h"
#include "glue/ptr.h"

namespace ekya::gst::testing {

using SchedulerPtr = ObjectPtr<GstEkyaScheduler>;
using ClientPtr = ObjectPtr<GstEkyaClient>;

/// Waits until `done`, at most `seconds`. For what another thread does; looks every few milliseconds.
bool eventually(const std::function<bool()>& done, double seconds = 10);

/// Threads of this process with that name.
int threads_named(const std::string& name);

/// A structure from its text.
StructurePtr structure(const std::string& text);

/// Requests without `reply`; a client that wants `demand` devices at best.
StructurePtr inference_request(const std::string& stream, double demand, const std::string& client = "infer");
StructurePtr retraining_request(const std::string& stream, const std::string& client = "retrain");
StructurePtr labelling_request(const std::string& stream, double demand, const std::string& client = "label");

double number(const GstStructure* structure, const char* field);
std::string text(const GstStructure* structure, const char* field);

/// "granted" or the error's message.
std::string outcome(GstEkyaScheduler* scheduler, const GstStructure* request);

/// An element without pads, as an application or another plugin would bring; answers need-context of nobody.
GstElement* make_bare_element(const char* name);

/// Hears one signal with a structure, in whichever thread. Disconnects at its end.
class Ears {
 public:
  Ears(gpointer object, const char* signal);
  ~Ears();
  Ears(const Ears&) = delete;
  Ears& operator=(const Ears&) = delete;

  /// Text of each structure heard, in order.
  std::vector<std::string> heard() const;
  std::size_t count(const std::string& part) const;

 private:
  gpointer object_;
  gulong handler_;
  mutable Mutex mutex_;
  std::vector<std::string> heard_ EKYA_GUARDED_BY(mutex_);
};

/// A pipeline with an ear on its bus. `on_message` runs first, in the poster's thread, as an application's sync
/// handler.
class Pipeline {
 public:
  using OnMessage = std::function<GstBusSyncReply(GstMessage*)>;

  explicit Pipeline(OnMessage on_message = {});
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Takes the floating element; the pipeline owns it.
  GstElement* add(GstElement* element);
  GstElement* add_scheduler(const char* name = "scheduler");
  GstStateChangeReturn set_state(GstState state);
  GstElement* get() const { return pipeline_.get(); }

  /// Names and texts of element messages, and the texts of warnings and errors, that contain `part`.
  std::size_t count(const std::string& part) const;
  std::string all() const;

 private:
  static GstBusSyncReply hear(GstBus* bus, GstMessage* message, gpointer self);

  ObjectPtr<GstElement> pipeline_;
  OnMessage on_message_;
  mutable Mutex mutex_;
  std::vector<std::string> heard_ EKYA_GUARDED_BY(mutex_);
};

/// The scheduler behind an `ekyascheduler`.
SchedulerPtr scheduler_of(GstElement* element);

/// Promise of an element message `ekya-share-request`, or null; borrowed from the message.
GstPromise* promise_of(GstMessage* message);

}  // namespace ekya::gst::testing
