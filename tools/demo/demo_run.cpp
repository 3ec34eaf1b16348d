// SPDX-License-Identifier: LGPL-2.1-or-later
#include "demo_run.h"

#include <gst/ekya/ekya.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "ekya/base/mutex.h"
#include "glue/ptr.h"
#include "pictures.h"

namespace ekya::demo {
namespace {

using gst::ErrorPtr;
using gst::MiniPtr;
using gst::ObjectPtr;
using gst::StringPtr;
using nlohmann::json;

constexpr double kFramePeriodMs = 1000.0 / 15;
constexpr std::int64_t kSecond = 1'000'000'000;

std::string text(const GstStructure* s, const char* field) {
  const char* value = gst_structure_get_string(s, field);
  return value ? value : "";
}

double number(const GstStructure* s, const char* field) {
  double value = 0;
  guint64 whole = 0;
  if (gst_structure_get_double(s, field, &value)) return value;
  return gst_structure_get_uint64(s, field, &whole) ? static_cast<double>(whole) : 0;
}

std::int64_t nanoseconds(const GstStructure* s, const char* field) {
  guint64 value = 0;
  return gst_structure_get_uint64(s, field, &value) ? static_cast<std::int64_t>(value) : 0;
}

std::int64_t from_seconds(double seconds) { return static_cast<std::int64_t>(seconds * kSecond); }

/// What the messages of the current window said of one camera.
struct WindowNotes {
  std::string config, decision;
  double inference = 0, labelling = 0, retraining = 0, swap_ms = -1;
};

struct CameraState {
  Meter meter;
  WindowNotes notes;
  double labels = 0, labels_before = 0;
  long in_before = 0, out_before = 0;
  int swaps = 0;
};

class Run {
 public:
  explicit Run(const RunSpec& spec)
      : spec_(spec),
        trace_file_(spec.output + "/trace.jsonl"),
        pictures_(spec.output, [this](json line) { trace(std::move(line)); }) {}

  Result<json> play();

 private:
  Status start();
  Status loop();
  void handle(const GstStructure* message);
  void on_plan(const GstStructure* message);
  void on_swap(const GstStructure* message);
  void close_window(const GstStructure* message);
  void print_window(const CameraSpec& camera, CameraState& state, double accuracy);
  json summary(const CameraSpec& camera);
  void trace(json line);
  double now() const { return static_cast<double>(g_get_monotonic_time() * 1000 - begin_ns_) / kSecond; }

  const RunSpec& spec_;
  Mutex trace_mutex_;
  std::ofstream trace_file_ EKYA_GUARDED_BY(trace_mutex_);
  Pictures pictures_;
  std::map<std::string, CameraState> cameras_;
  ObjectPtr<GstElement> pipeline_;
  std::int64_t begin_ns_ = g_get_monotonic_time() * 1000;
  int windows_closed_ = 0;
};

void Run::trace(json line) {
  line["policy"] = spec_.policy;
  MutexLock lock(trace_mutex_);
  trace_file_ << line.dump() << '\n';
}

Status Run::start() {
  std::string line = "ekyascheduler name=scheduler policy=" + spec_.policy +
                     " window-duration=" + std::to_string(spec_.window_s) + " history-file=" + spec_.output +
                     "/scheduler.jsonl";
  for (const CameraSpec& camera : spec_.cameras) line += launch_line(camera, spec_.models, spec_.output + "/state");
  GError* error = nullptr;
  pipeline_.reset(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), &error))));
  if (const ErrorPtr owner(error); error) return Error{ErrorCode::kInvalidArgument, error->message};
  for (const CameraSpec& camera : spec_.cameras) {
    const auto frames = [this](const auto&... arguments) { pictures_.save_frame(arguments...); };
    const auto crops = [this](const auto&... arguments) { pictures_.save_crops(arguments...); };
    watch(pipeline_.get(), camera, cameras_[camera.id].meter, frames, crops);
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  return {};
}

void Run::on_plan(const GstStructure* message) {
  json streams = json::array();
  const GValue* list = gst_structure_get_value(message, "streams");
  for (guint i = 0; list && i < gst_value_list_get_size(list); ++i) {
    const GstStructure* stream = gst_value_get_structure(gst_value_list_get_value(list, i));
    WindowNotes& notes = cameras_[text(stream, "stream-id")].notes;
    notes.inference = number(stream, "inference-share");
    notes.labelling = number(stream, "labelling-share");
    notes.retraining = number(stream, "retraining-share");
    if (const std::string config = text(stream, "retraining-config"); !config.empty()) notes.config = config;
    streams.push_back({{"id", text(stream, "stream-id")},
                       {"inference", notes.inference},
                       {"labelling", notes.labelling},
                       {"retraining", notes.retraining},
                       {"config", text(stream, "retraining-config")},
                       {"expected", number(stream, "expected-accuracy")}});
  }
  trace({{"type", "plan"},
         {"time", now()},
         {"reason", text(message, "reason")},
         {"decision_ms", number(message, "decision-ms")},
         {"streams", streams}});
}

void Run::on_swap(const GstStructure* message) {
  CameraState& state = cameras_[text(message, "stream-id")];
  const std::string status = text(message, "status");
  state.notes.decision += (state.notes.decision.empty() ? "" : ", ") + status;
  if (status == "accepted") {
    ++state.swaps;
    state.notes.swap_ms = number(message, "swap-ms");
  }
  trace({{"type", "swap"},
         {"time", now()},
         {"stream", text(message, "stream-id")},
         {"status", status},
         {"reason", text(message, "reason")},
         {"generation", number(message, "generation")},
         {"accuracy", number(message, "accuracy")},
         {"load_ms", number(message, "load-ms")},
         {"swap_ms", number(message, "swap-ms")}});
}

void Run::print_window(const CameraSpec& camera, CameraState& state, double accuracy) {
  const WindowNotes& notes = state.notes;
  const long in = state.meter.frames_in(), out = state.meter.frames_out();
  const std::string swap = notes.swap_ms < 0 ? "-" : std::to_string(notes.swap_ms).substr(0, 5) + " ms";
  std::printf(
      "%-13s window %d %-6s accuracy %5.1f %%  labels %4.0f  config %-8s  shares %.2f/%.2f/%.2f  gate %-10s swap %-9s "
      "frames %ld/%ld\n",
      spec_.policy.c_str(), windows_closed_, camera.id.c_str(), 100 * accuracy, state.labels - state.labels_before,
      notes.config.empty() ? "-" : notes.config.c_str(), notes.inference, notes.labelling, notes.retraining,
      notes.decision.empty() ? "-" : notes.decision.c_str(), swap.c_str(), in - state.in_before,
      out - state.out_before);
  std::fflush(stdout);
}

void Run::close_window(const GstStructure* message) {
  ++windows_closed_;
  for (const CameraSpec& camera : spec_.cameras) {
    CameraState& state = cameras_[camera.id];
    const double accuracy = state.meter.by_clock(nanoseconds(message, "begin"), nanoseconds(message, "end")).accuracy();
    print_window(camera, state, accuracy);
    trace({{"type", "window"},
           {"time", now()},
           {"window", windows_closed_},
           {"stream", camera.id},
           {"accuracy", accuracy},
           {"labels", state.labels - state.labels_before},
           {"config", state.notes.config},
           {"decision", state.notes.decision}});
    state.notes = {};
    state.labels_before = state.labels;
    state.in_before = state.meter.frames_in();
    state.out_before = state.meter.frames_out();
  }
}

void Run::handle(const GstStructure* message) {
  if (gst_structure_has_name(message, "ekya-plan")) on_plan(message);
  if (gst_structure_has_name(message, "ekya-model-swap")) on_swap(message);
  if (gst_structure_has_name(message, "ekya-label"))
    cameras_[text(message, "stream-id")].labels = number(message, "labels");
  if (gst_structure_has_name(message, "ekya-drift") && gst_structure_has_field(message, "accuracy"))
    trace({{"type", "drift"}, {"time", now()}, {"stream", text(message, "stream-id")}});
  if (gst_structure_has_name(message, "ekya-window") && text(message, "state") == "closed") close_window(message);
}

Status Run::loop() {
  const ObjectPtr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  const double longest = spec_.window_s * (spec_.windows + 1) + 10;
  while (windows_closed_ < spec_.windows && now() < longest) {
    const MiniPtr<GstMessage> message(gst_bus_timed_pop(bus.get(), 100 * GST_MSECOND));
    if (!message) continue;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ELEMENT) handle(gst_message_get_structure(message.get()));
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ERROR && GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_WARNING)
      continue;
    const bool fatal = GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR;
    GError* error = nullptr;
    fatal ? gst_message_parse_error(message.get(), &error, nullptr)
          : gst_message_parse_warning(message.get(), &error, nullptr);
    const ErrorPtr owner(error);
    if (fatal) return Error{ErrorCode::kInternal, error->message};
    std::fprintf(stderr, "warning from %s: %s\n", GST_OBJECT_NAME(GST_MESSAGE_SRC(message.get())), error->message);
  }
  return {};
}

json Run::summary(const CameraSpec& camera) {
  const CameraState& state = cameras_[camera.id];
  const Meter& meter = state.meter;
  const std::int64_t window = from_seconds(spec_.window_s), end = meter.last_pts() + 1;
  const std::int64_t drifted = from_seconds(camera.drift_end_s);
  json timeline = json::array();
  for (std::int64_t begin = 0; begin < end; begin += kSecond)
    timeline.push_back(meter.by_pts(begin, begin + kSecond).accuracy());
  return {{"id", camera.id},
          {"title", camera.title},
          {"drift_begin_s", camera.drift_begin_s},
          {"drift_end_s", camera.drift_end_s},
          {"accuracy_before_drift", meter.by_pts(0, from_seconds(camera.drift_begin_s)).accuracy()},
          {"accuracy_after_drift", meter.by_pts(drifted, drifted + window).accuracy()},
          {"accuracy_last_window", meter.by_pts(end - window, end).accuracy()},
          {"golden_accuracy", meter.golden().accuracy()},
          {"labels", state.labels},
          {"frames_in", meter.frames_in()},
          {"frames_out", meter.frames_out()},
          {"out_of_order", meter.out_of_order()},
          {"late_frames", meter.late_frames(kFramePeriodMs)},
          {"swaps", state.swaps},
          {"worst_swap_latency_ms", meter.worst_swap_latency_ms()},
          {"accuracy_each_second", timeline}};
}

Result<json> Run::play() {
  if (Status started = start(); !started) return started.error();
  const Status played = loop();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  if (!played) return played.error();
  json streams = json::array();
  for (const CameraSpec& camera : spec_.cameras) streams.push_back(summary(camera));
  return json{{"policy", spec_.policy}, {"window_s", spec_.window_s}, {"streams", streams}};
}

}  // namespace

Result<json> play(const RunSpec& spec) {
  std::filesystem::create_directories(spec.output + "/state");
  return Run(spec).play();
}

}  // namespace ekya::demo
