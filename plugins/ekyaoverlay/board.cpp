// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyaoverlay/board.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "ekyaoverlay/painter.h"

namespace ekya::gst::overlay {
namespace {

using Hear = void (Board::*)(const GstStructure*);

struct Connection {
  std::shared_ptr<Board> board;
  Hear hear;
};

void on_signal(GstEkyaScheduler*, const GstStructure* said, gpointer data) {
  const auto* connection = static_cast<Connection*>(data);
  if (said) (connection->board.get()->*connection->hear)(said);
}

void forget(gpointer data, GClosure*) { delete static_cast<Connection*>(data); }

/// The stream's structure in the list "streams"; null when it is not there.
const GstStructure* find_stream(const GstStructure* said, const std::string& stream_id) {
  const GValue* list = gst_structure_get_value(said, "streams");
  if (!list || !GST_VALUE_HOLDS_LIST(list)) return nullptr;
  for (guint i = 0; i < gst_value_list_get_size(list); ++i) {
    const GValue* item = gst_value_list_get_value(list, i);
    const GstStructure* stream = GST_VALUE_HOLDS_STRUCTURE(item) ? gst_value_get_structure(item) : nullptr;
    const gchar* id = stream ? gst_structure_get_string(stream, "stream-id") : nullptr;
    if (id && stream_id == id) return stream;
  }
  return nullptr;
}

/// Leaves `out` alone where the field is missing or no number that makes sense.
void take(const GstStructure* from, const char* field, double& out) {
  gdouble value = 0;
  if (gst_structure_get_double(from, field, &value) && std::isfinite(value) && std::fabs(value) < 1000) out = value;
}

void take(const GstStructure* from, const char* field, std::string& out) {
  if (const gchar* text = gst_structure_get_string(from, field)) out = drawable(text);
}

struct ContextUnref {
  void operator()(GstContext* context) const { gst_context_unref(context); }
};

/// (transfer full)
GstEkyaScheduler* known_scheduler(GstElement* element) {
  const std::unique_ptr<GstContext, ContextUnref> context(
      gst_element_get_context(element, GST_EKYA_SCHEDULER_CONTEXT_TYPE));
  return context ? gst_context_get_ekya_scheduler(context.get()) : nullptr;
}

/// (transfer full)
GstEkyaScheduler* neighbours_scheduler(GstElement* element, const char* pad_name) {
  const ObjectPtr<GstPad> pad(gst_element_get_static_pad(element, pad_name));
  const MiniPtr<GstQuery> query(gst_query_new_context(GST_EKYA_SCHEDULER_CONTEXT_TYPE));
  GstContext* context = nullptr;
  if (!pad || !gst_pad_peer_query(pad.get(), query.get())) return nullptr;
  gst_query_parse_context(query.get(), &context);
  return context ? gst_context_get_ekya_scheduler(context) : nullptr;
}

}  // namespace

StreamStatus Board::status() const {
  MutexLock lock(mutex_);
  return status_;
}

void Board::hear_grant(const GstStructure* grant) {
  const gchar* id = gst_structure_get_string(grant, "stream-id");
  const gchar* kind = gst_structure_get_string(grant, "kind");
  if (!id || !kind || stream_id_ != id) return;
  MutexLock lock(mutex_);
  if (g_str_equal(kind, "inference")) take(grant, "share", status_.inference_share);
  if (g_str_equal(kind, "labelling")) take(grant, "share", status_.labelling_share);
  if (!g_str_equal(kind, "retraining")) return;
  take(grant, "share", status_.retraining_share);
  take(grant, "config", status_.retraining_config);
}

void Board::hear_plan(const GstStructure* plan) {
  const GstStructure* stream = find_stream(plan, stream_id_);
  if (!stream) return;
  MutexLock lock(mutex_);
  take(stream, "inference-share", status_.inference_share);
  take(stream, "labelling-share", status_.labelling_share);
  take(stream, "retraining-share", status_.retraining_share);
  take(stream, "retraining-config", status_.retraining_config);
  take(stream, "expected-accuracy", status_.expected_accuracy);
}

void Board::hear_window(const GstStructure* window) {
  const GstStructure* stream = find_stream(window, stream_id_);
  if (!stream) return;
  double measured = -1;
  take(stream, "measured-accuracy", measured);
  if (measured < 0) return;
  MutexLock lock(mutex_);
  status_.measured_accuracy = measured;
}

Listening::Listening(GstEkyaScheduler* scheduler, const std::shared_ptr<Board>& board)
    : scheduler_(static_cast<GstEkyaScheduler*>(gst_object_ref(scheduler))) {
  const auto listen = [&](const char* signal, Hear hear) {
    handlers_.push_back(g_signal_connect_data(scheduler, signal, G_CALLBACK(on_signal), new Connection{board, hear},
                                              forget, GConnectFlags{}));
  };
  listen("grant", &Board::hear_grant);
  listen("plan", &Board::hear_plan);
  listen("window", &Board::hear_window);
}

Listening::~Listening() {
  for (gulong handler : handlers_) g_signal_handler_disconnect(scheduler_.get(), handler);
}

GstEkyaScheduler* find_scheduler(GstElement* element) {
  if (auto* known = known_scheduler(element)) return known;
  for (const char* pad : {"sink", "src"})
    if (auto* found = neighbours_scheduler(element, pad)) return found;
  gst_element_post_message(element, gst_message_new_need_context(GST_OBJECT(element), GST_EKYA_SCHEDULER_CONTEXT_TYPE));
  return nullptr;
}

std::string to_text(const StreamStatus& status) {
  std::string out;
  const auto add = [&](const char* format, double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, value);
    out += (out.empty() ? "" : ", ") + std::string(text.data());
  };
  if (status.inference_share >= 0) add("inference %.2f", status.inference_share);
  if (status.labelling_share > 0) add("labelling %.2f", status.labelling_share);
  if (status.retraining_share > 0) {
    add("retraining %.2f", status.retraining_share);
    if (!status.retraining_config.empty()) out += " (" + status.retraining_config + ")";
  }
  if (status.measured_accuracy >= 0) add("accuracy %.0f %%", 100 * status.measured_accuracy);
  if (status.expected_accuracy >= 0) add("expected %.0f %%", 100 * status.expected_accuracy);
  return out;
}

}  // namespace ekya::gst::overlay
