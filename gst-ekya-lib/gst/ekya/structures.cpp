// SPDX-License-Identifier: LGPL-2.1-or-later
#include "structures.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "ekya/scheduler/job_times.h"

namespace ekya::gst {
namespace {

/// The steady clock and g_get_monotonic_time() count from the same epoch.
guint64 nanoseconds(Seconds time) {
  constexpr double kMost = 1.8e19;
  return static_cast<guint64>(std::clamp(time.count() * 1e9, 0.0, kMost));
}

class List {
 public:
  List() { g_value_init(&value_, GST_TYPE_LIST); }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  void append(GstStructure* structure) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&item, structure);
    gst_value_list_append_and_take_value(&value_, &item);
  }
  void append(const std::string& text) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, G_TYPE_STRING);
    g_value_set_string(&item, text.c_str());
    gst_value_list_append_and_take_value(&value_, &item);
  }
  /// Moves the list into the structure; the List is empty afterwards.
  void move_into(GstStructure* structure, const char* field) { gst_structure_take_value(structure, field, &value_); }

 private:
  GValue value_ = G_VALUE_INIT;
};

/// GST_CLOCK_TIME_NONE where it never comes.
guint64 since(Seconds begin, double seconds) {
  return std::isfinite(seconds) ? nanoseconds(begin + Seconds{seconds}) : GST_CLOCK_TIME_NONE;
}

GstStructure* to_structure(const scheduler::StreamPlan& stream, const std::optional<scheduler::JobTimes>& job,
                           Seconds at) {
  GstStructure* structure = gst_structure_new(
      "stream", "stream-id", G_TYPE_STRING, stream.id.c_str(), "device", G_TYPE_STRING, stream.device.c_str(),
      "inference-config", G_TYPE_STRING, stream.inference_config.c_str(), "retraining-config", G_TYPE_STRING,
      stream.retraining_config.c_str(), "retraining-device", G_TYPE_STRING, stream.retraining_device.c_str(),
      "inference-share", G_TYPE_DOUBLE, stream.inference_share, "labelling-share", G_TYPE_DOUBLE,
      stream.labelling_share, "retraining-share", G_TYPE_DOUBLE, stream.retraining_share, "expected-accuracy",
      G_TYPE_DOUBLE, stream.expected_accuracy, nullptr);
  if (job)
    gst_structure_set(structure, "begin", G_TYPE_UINT64, since(at, job->begin_s), "end", G_TYPE_UINT64,
                      since(at, job->end_s), nullptr);
  return structure;
}

/// Of several plans made in one moment all come with the problem of the last, which may lack the stream.
std::optional<scheduler::JobTimes> job_of(const ToldPlan& told, std::size_t stream) {
  const scheduler::StreamPlan& plan = told.made.plan.streams[stream];
  for (const scheduler::Stream& of : told.problem.streams)
    if (of.id == plan.id) return scheduler::job_times(told.problem, of, plan);
  return std::nullopt;
}

GstStructure* to_structure(const scheduler::WindowClosed::StreamResult& stream) {
  const double measured = std::isnan(stream.measured_accuracy) ? -1.0 : stream.measured_accuracy;
  return gst_structure_new("stream", "stream-id", G_TYPE_STRING, stream.id.c_str(), "expected-accuracy", G_TYPE_DOUBLE,
                           stream.expected_accuracy, "measured-accuracy", G_TYPE_DOUBLE, measured, nullptr);
}

GstStructure* window_structure(const char* state, guint64 number, Seconds begin, Seconds end) {
  return gst_structure_new("ekya-window", "state", G_TYPE_STRING, state, "window", G_TYPE_UINT64, number, "begin",
                           G_TYPE_UINT64, nanoseconds(begin), "end", G_TYPE_UINT64, nanoseconds(end), nullptr);
}

}  // namespace

GstStructure* to_structure(const scheduler::ShareGrant& grant) {
  return gst_structure_new("ekya-share-grant", "stream-id", G_TYPE_STRING, grant.key.stream.c_str(), "kind",
                           G_TYPE_STRING, scheduler::to_string(grant.key.kind), "client", G_TYPE_STRING,
                           grant.key.client.c_str(), "share", G_TYPE_DOUBLE, grant.share, "device", G_TYPE_STRING,
                           grant.device.c_str(), "config", G_TYPE_STRING, grant.config.c_str(), "until", G_TYPE_UINT64,
                           nanoseconds(grant.until), "plan", G_TYPE_UINT64, static_cast<guint64>(grant.plan), nullptr);
}

GstStructure* to_structure(const ToldPlan& told) {
  constexpr double kMillisecondsPerSecond = 1000;
  const scheduler::PlanMade& made = told.made;
  const scheduler::Plan& plan = made.plan;
  GstStructure* structure = gst_structure_new(
      "ekya-plan", "plan", G_TYPE_UINT64, static_cast<guint64>(made.number), "window", G_TYPE_UINT64,
      static_cast<guint64>(made.window), "reason", G_TYPE_STRING, made.reason.c_str(), "policy", G_TYPE_STRING,
      plan.policy.c_str(), "mean-accuracy", G_TYPE_DOUBLE, plan.mean_accuracy, "upper-bound", G_TYPE_DOUBLE,
      plan.upper_bound, "gap", G_TYPE_DOUBLE, std::max(0.0, plan.upper_bound - plan.mean_accuracy), "decision-ms",
      G_TYPE_DOUBLE, plan.decision_s * kMillisecondsPerSecond, "explanation", G_TYPE_STRING, told.explanation.c_str(),
      nullptr);
  List missed;
  for (const std::string& stream : plan.floors_missed) missed.append(stream);
  missed.move_into(structure, "floors-missed");
  List streams;
  for (std::size_t v = 0; v < plan.streams.size(); ++v)
    streams.append(to_structure(plan.streams[v], job_of(told, v), made.at));
  streams.move_into(structure, "streams");
  return structure;
}

GstStructure* to_structure(const scheduler::WindowOpened& window) {
  return window_structure("opened", window.window, window.begin, window.end);
}

GstStructure* to_structure(const scheduler::WindowClosed& window) {
  GstStructure* structure = window_structure("closed", window.window, window.begin, window.end);
  List streams;
  for (const auto& stream : window.streams) streams.append(to_structure(stream));
  streams.move_into(structure, "streams");
  return structure;
}

}  // namespace ekya::gst
