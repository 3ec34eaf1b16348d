// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/element.h"

#include <thread>
#include <utility>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/drift/watch.h"

namespace ekya::gst::infer {
namespace {

ModelRequest request_of(const Settings& settings) {
  return {settings.model_file, settings.labels_file, settings.allow_torchscript};
}

/// What a checkpoint announcement needs; outlives the element where the announcement is on its way while it stops.
struct CheckpointListener {
  std::string stream_id;
  std::shared_ptr<LoaderInbox> inbox;
};

void take_checkpoint(const CheckpointListener& listener, const GstStructure* checkpoint) {
  const gchar* stream = gst_structure_get_string(checkpoint, "stream-id");
  const gchar* path = gst_structure_get_string(checkpoint, "path");
  guint64 generation = 0;
  if (!stream || listener.stream_id != stream || !path ||
      !gst_structure_get_uint64(checkpoint, "generation", &generation))
    return;
  listener.inbox->load_checkpoint(path, generation);
}

void on_checkpoint(GstEkyaScheduler*, GstStructure* checkpoint, gpointer listener) {
  try {
    take_checkpoint(*static_cast<const CheckpointListener*>(listener), checkpoint);
  } catch (...) {
    GST_ERROR("no memory for a checkpoint's announcement");
  }
}

void free_listener(gpointer listener, GClosure*) { delete static_cast<CheckpointListener*>(listener); }

}  // namespace

Infer::Infer(GstEkyaInfer* element) : element_(element), scheduler_(gst_element()) {}

Settings Infer::settings() const {
  MutexLock lock(mutex_);
  return settings_;
}

StructurePtr Infer::stats() const {
  const auto live = live_.snapshot();
  MutexLock lock(counters_mutex_);
  return counters_.to_structure(live ? live->generation : 0, live ? live->name : "");
}

void Infer::fail(const Error& error) {
  const char* text = error.message.c_str();
  switch (error.code) {
    case ErrorCode::kNotFound:
      GST_ELEMENT_ERROR(element_, RESOURCE, NOT_FOUND, ("%s", text), (nullptr));
      break;
    case ErrorCode::kIo:
    case ErrorCode::kCorrupt:
      GST_ELEMENT_ERROR(element_, RESOURCE, READ, ("%s", text), (nullptr));
      break;
    case ErrorCode::kUnavailable:
      GST_ELEMENT_ERROR(element_, LIBRARY, INIT, ("%s", text), (nullptr));
      break;
    default:
      GST_ELEMENT_ERROR(element_, LIBRARY, SETTINGS, ("%s", text), (nullptr));
  }
}

void Infer::warn(const char* kind, const std::string& text) {
  if (const auto due = notices_.take(kind, text))
    GST_ELEMENT_WARNING(element_, LIBRARY, FAILED, ("%s", due->c_str()), (nullptr));
}

bool Infer::to_ready() {
  const Settings settings = this->settings();
  if (Status named = check_name("the property stream-id", settings.stream_id); !named) {
    fail(named.error());
    return false;
  }
  if (settings.device != "cpu") {
    fail({ErrorCode::kUnavailable,
          "the property device is '" + printable(settings.device) + "'; this release computes on device=cpu only"});
    return false;
  }
  scheduler_.find();
  return true;
}

bool Infer::start() {
  const Settings settings = this->settings();
  const Task task = static_cast<Task>(settings.task);
  auto model = load_model(task, request_of(settings));
  if (!model) {
    fail(model.error());
    return false;
  }
  notices_.reset();
  {
    MutexLock lock(counters_mutex_);
    counters_ = {};
    counters_.load_ms = (*model)->load_time.count() * 1000;
  }
  live_.exchange(*model);
  loader_ = std::make_unique<ModelLoader>(task, request_of(settings), live_, [this](const Swap& s) { report(s); });
  running_scheduler_ = scheduler_.get();
  const Demand demand(static_cast<int>(std::thread::hardware_concurrency()), (*model)->run_time);
  share_ = std::make_unique<Share>(gst_element(), running_scheduler_.get(), settings.stream_id, demand,
                                   loader_->inbox(), [this](const std::string& text) { warn("request", text); });
  loop_ = std::make_unique<FrameLoop>(task, live_, *share_);
  joined_ = false;
  lateness_.reset();
  listen_for_checkpoints(settings);
  inbox_.exchange(loader_->inbox());
  // Set between the copy above and now: nobody else will load it.
  if (const Settings now = this->settings(); now.model_file != settings.model_file) load_aside(now.model_file);
  return true;
}

void Infer::listen_for_checkpoints(const Settings& settings) {
  // They are of the student that classifies what this detector finds.
  if (static_cast<Task>(settings.task) == Task::kDetect) return;
  auto listener = std::make_unique<CheckpointListener>(CheckpointListener{settings.stream_id, loader_->inbox()});
  const CheckpointListener now = *listener;
  // What the model file holds already is no news.
  listener->inbox->ignore_checkpoints_until(live_.snapshot()->generation);
  checkpoint_handler_ = g_signal_connect_data(running_scheduler_.get(), "checkpoint", G_CALLBACK(on_checkpoint),
                                              listener.release(), free_listener, GConnectFlags{});
  const StructurePtr newest(gst_ekya_scheduler_get_checkpoint(running_scheduler_.get(), settings.stream_id.c_str()));
  if (newest) take_checkpoint(now, newest.get());
}

void Infer::stop() {
  if (checkpoint_handler_) g_signal_handler_disconnect(running_scheduler_.get(), std::exchange(checkpoint_handler_, 0));
  inbox_.exchange(nullptr);
  loader_.reset();
  loop_.reset();
  share_.reset();
  live_.exchange(nullptr);
  running_scheduler_.reset();
}

void Infer::load_aside(const std::string& model_file) {
  const auto inbox = inbox_.snapshot();
  if (inbox) inbox->load_model_file(model_file);
}

void Infer::report(const Swap& swap) {
  {
    MutexLock lock(counters_mutex_);
    ++(swap.accepted ? counters_.swaps : counters_.failed_swaps);
    if (swap.accepted) {
      counters_.load_ms = swap.load_ms;
      counters_.last_swap_ms = swap.swap_ms;
      counters_.worst_swap_ms = std::max(counters_.worst_swap_ms, swap.swap_ms);
    }
  }
  const Settings settings = this->settings();
  GstStructure* structure = gst_structure_new(
      "ekya-model-swap", "stream-id", G_TYPE_STRING, settings.stream_id.c_str(), "generation", G_TYPE_UINT64,
      static_cast<guint64>(swap.generation), "from-generation", G_TYPE_UINT64,
      static_cast<guint64>(swap.from_generation), "accuracy", G_TYPE_DOUBLE, swap.accuracy, "status", G_TYPE_STRING,
      swap.accepted ? "accepted" : "failed", "reason", G_TYPE_STRING, swap.reason.c_str(), "load-ms", G_TYPE_DOUBLE,
      swap.load_ms, "swap-ms", G_TYPE_DOUBLE, swap.swap_ms, nullptr);
  gst_element_post_message(gst_element(), gst_message_new_element(GST_OBJECT(element_), structure));
  if (!swap.accepted) warn("swap", "A new model was refused and the running one stays: " + swap.reason);
}

bool Infer::set_info(const GstVideoInfo& info) {
  loop_->set_info(info);
  const gint numerator = GST_VIDEO_INFO_FPS_N(&info), denominator = GST_VIDEO_INFO_FPS_D(&info);
  share_->demand().set_frame_rate(numerator > 0 && denominator > 0 ? double(numerator) / denominator : 0);
  if (!std::exchange(joined_, true)) share_->join(settings().inference_interval);
  return true;
}

GstFlowReturn Infer::transform(GstBuffer* buffer) {
  if (forget_.exchange(false)) {
    loop_->forget();
    lateness_.reset();
  }
  const Settings settings = this->settings();
  const GstSegment& segment = GST_BASE_TRANSFORM(element_)->segment;
  const GstClockTime running_time = segment.format == GST_FORMAT_TIME
                                        ? gst_segment_to_running_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer))
                                        : GST_CLOCK_TIME_NONE;
  const Outcome outcome = loop_->process(buffer, settings, lateness_.is_late(running_time));
  count(outcome, settings);
  if (outcome.kind == Outcome::Kind::kLate) post_qos(buffer, running_time);
  if (outcome.alarm) report(*outcome.alarm, settings.stream_id);
  if (outcome.kind == Outcome::Kind::kFailed)
    warn("inference", "Inference failed on a frame, which passes with earlier results: " + outcome.error);
  return GST_FLOW_OK;
}

/// Both ways are short: the bus only queues, and the labeller only notes it.
void Infer::report(const drift::FrameAlarm& alarm, const std::string& stream_id) {
  StructurePtr told(gst_structure_new("ekya-drift", "stream-id", G_TYPE_STRING, stream_id.c_str(), "tier", G_TYPE_UINT,
                                      static_cast<guint>(drift::Tier::kFrames), "signal", G_TYPE_STRING,
                                      drift::to_string(alarm.signal), "value", G_TYPE_DOUBLE, alarm.value, "reference",
                                      G_TYPE_DOUBLE, alarm.reference, nullptr));
  gst_ekya_scheduler_report_drift(running_scheduler_.get(), told.get(), nullptr);
  gst_element_post_message(gst_element(), gst_message_new_element(GST_OBJECT(element_), told.release()));
}

void Infer::count(const Outcome& outcome, const Settings& settings) {
  MutexLock lock(counters_mutex_);
  ++counters_.frames;
  counters_.interval = loop_->interval(settings);
  counters_.share = share_->granted();
  counters_.drift_alarms += outcome.alarm.has_value();
  if (outcome.kind == Outcome::Kind::kFresh) {
    counters_.add_inference(outcome.time);
    counters_.regions += outcome.regions;
    return;
  }
  ++counters_.carried;
  if (outcome.kind == Outcome::Kind::kLate) ++counters_.late;
  if (outcome.kind == Outcome::Kind::kRefused) ++counters_.refused;
  if (outcome.kind == Outcome::Kind::kFailed) ++counters_.failed;
}

void Infer::post_qos(GstBuffer* buffer, GstClockTime running_time) {
  const Seconds now = steady_now();
  if (now - qos_posted_ < Seconds{1}) return;
  qos_posted_ = now;
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  const GstClockTime stream_time =
      gst_segment_to_stream_time(&GST_BASE_TRANSFORM(element_)->segment, GST_FORMAT_TIME, pts);
  GstMessage* message =
      gst_message_new_qos(GST_OBJECT(element_), FALSE, running_time, stream_time, pts, GST_BUFFER_DURATION(buffer));
  gst_message_set_qos_values(message, lateness_.jitter(running_time), lateness_.proportion(), 1000000);
  {
    MutexLock lock(counters_mutex_);
    gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, counters_.inferences, counters_.late);
  }
  gst_element_post_message(gst_element(), message);
}

}  // namespace ekya::gst::infer
