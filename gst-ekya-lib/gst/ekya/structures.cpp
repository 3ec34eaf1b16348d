// SPDX-License-Identifier: LGPL-2.1-or-later
#include "structures.h"

#include <algorithm>
#include <cmath>

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
  /// Moves the list into the structure; the List is empty afterwards.
  void move_into(GstStructure* structure, const char* field) { gst_structure_take_value(structure, field, &value_); }

 private:
  GValue value_ = G_VALUE_INIT;
};

GstStructure* to_structure(const scheduler::StreamPlan& stream) {
  return gst_structure_new("stream", "stream-id", G_TYPE_STRING, stream.id.c_str(), "inference-config", G_TYPE_STRING,
                           stream.inference_config.c_str(), "retraining-config", G_TYPE_STRING,
                           stream.retraining_config.c_str(), "inference-share", G_TYPE_DOUBLE, stream.inference_share,
                           "labelling-share", G_TYPE_DOUBLE, stream.labelling_share, "retraining-share", G_TYPE_DOUBLE,
                           stream.retraining_share, "expected-accuracy", G_TYPE_DOUBLE, stream.expected_accuracy,
                           nullptr);
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

GstStructure* to_structure(const scheduler::PlanMade& made) {
  constexpr double kMillisecondsPerSecond = 1000;
  GstStructure* structure = gst_structure_new(
      "ekya-plan", "plan", G_TYPE_UINT64, static_cast<guint64>(made.number), "window", G_TYPE_UINT64,
      static_cast<guint64>(made.window), "reason", G_TYPE_STRING, made.reason.c_str(), "policy", G_TYPE_STRING,
      made.plan.policy.c_str(), "mean-accuracy", G_TYPE_DOUBLE, made.plan.mean_accuracy, "decision-ms", G_TYPE_DOUBLE,
      made.plan.decision_s * kMillisecondsPerSecond, nullptr);
  List streams;
  for (const auto& stream : made.plan.streams) streams.append(to_structure(stream));
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
