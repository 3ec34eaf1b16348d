// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-ekyaretrain
 * @title: ekyaretrain
 * @short_description: Keeps the student of a stream accurate by retraining it on labelled frames
 *
 * A sink for frames whose regions carry labels, as ekyalabel passes them on. It measures the live student on each new
 * label, stores the crops on disk, and retrains the student in a thread of its own under the share that the scheduler
 * grants. A retrained model goes live, in every ekyainfer of the same `stream-id`, only when it is better on labels
 * that it has not seen; a model that turns out worse is taken back.
 *
 * |[
 * gst-launch-1.0 ekyatestsrc is-live=true ! tee name=t \
 *   t. ! queue ! ekyainfer model-file=student.safetensors ! ekyaoverlay ! videoconvert ! autovideosink \
 *   t. ! queue leaky=downstream max-size-buffers=2 ! ekyalabel model-file=golden.safetensors ! \
 *        ekyaretrain model-file=student.safetensors
 * ]|
 *
 * Properties, messages and files are in docs/elements/ekyaretrain.md.
 */
#include "gstekyaretrain.h"

#include <gst/ekya/ekya.h>
#include <gst/video/video.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "ekya/base/file_ops.h"
#include "ekya/base/mutex.h"
#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/base/thread.h"
#include "ekya/learner/retrainer.h"
#include "ekya/learner/state_folder.h"
#include "glue/frame_view.h"
#include "glue/guarded.h"
#include "glue/model_file.h"
#include "glue/notice.h"
#include "glue/properties.h"
#include "glue/ptr.h"
#include "glue/scheduler_place.h"
#include "labelled_crops.h"
#include "retrain_link.h"

GST_DEBUG_CATEGORY(gst_ekya_retrain_debug);
#define GST_CAT_DEFAULT gst_ekya_retrain_debug

namespace ekya::gst {
namespace {

GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                                                             GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(EKYA_VIDEO_FORMATS)));

struct Settings {
  std::string stream_id = "camera0";
  std::string state_folder;
  std::string model_file;
  std::string labels_file;
  bool allow_torchscript = false;
  std::string configs;
  guint max_samples = 2000;
  guint min_samples = 40;
  gdouble gate_tolerance = 0.02;
  gdouble rollback_margin = learner::Canary::kMargin;
  gdouble wrong_labels = 0;
  guint new_class_samples = 0;
  guint64 seed = 1;
};

const auto& properties() {
  using P = Properties<Settings>;
  static const P table{
      {"stream-id", "Name of the camera, 1 to 64 of A-Z a-z 0-9 _ -", P::String{&Settings::stream_id}},
      {"state-folder", "Folder for samples and checkpoints; where empty, ekya/<stream-id> in the user's data folder",
       P::String{&Settings::state_folder}},
      {"model-file", "Student that the stream starts from, the same as ekyainfer's", P::String{&Settings::model_file}},
      {"labels-file", "Labels of the model, one a line, where the model does not bring its own",
       P::String{&Settings::labels_file}},
      {"allow-torchscript", "Allow a TorchScript model; it is a program, so take only files that you trust",
       P::Boolean{&Settings::allow_torchscript}},
      {"configs", "Retraining configs as a JSON list; where empty, a list of 18", P::String{&Settings::configs}},
      {"max-samples", "Samples kept on disk", P::Uint{&Settings::max_samples, 10, 1000000}},
      {"min-samples", "Samples without which no retraining starts", P::Uint{&Settings::min_samples, 2, 1000000}},
      {"gate-tolerance", "Mean accuracy on recent and earlier labels that a new model may lose",
       P::Double{&Settings::gate_tolerance, 0, 1}},
      {"rollback-margin", "A model that is worse on new labels than the one before by more than this is taken back",
       P::Double{&Settings::rollback_margin, 0, 0.9}},
      {"wrong-labels", "Share of the labels that may be wrong by a rule, one class called by another name",
       P::Double{&Settings::wrong_labels, 0, 1}},
      {"new-class-samples", "A class that the student does not know joins it after so many labels; 0: never",
       P::Uint{&Settings::new_class_samples, 0, 1000000}},
      {"seed", "Seed of the training", P::Uint64{&Settings::seed, 0, G_MAXUINT64}},
  };
  return table;
}

guint stats_id() { return properties().end_id(); }

std::string default_folder(const std::string& stream_id) {
  const StringPtr path(g_build_filename(g_get_user_data_dir(), "ekya", stream_id.c_str(), nullptr));
  return path.get();
}

GstStructure* to_structure(const learner::RetrainerStats& stats, double granted, double received) {
  const auto count = [](std::uint64_t value) { return static_cast<guint64>(value); };
  return gst_structure_new(
      "ekya-retrain-stats", "state", G_TYPE_STRING, stats.state.c_str(), "samples", G_TYPE_UINT64, count(stats.samples),
      "window", G_TYPE_UINT64, count(stats.window), "generation", G_TYPE_UINT64, count(stats.generation), "accuracy",
      G_TYPE_DOUBLE, stats.accuracy.value_or(-1), "labels", G_TYPE_UINT64, count(stats.labels), "unknown-labels",
      G_TYPE_UINT64, count(stats.unknown), "repeated-frames", G_TYPE_UINT64, count(stats.repeated), "dropped",
      G_TYPE_UINT64, count(stats.dropped), "accepted", G_TYPE_UINT64, count(stats.accepted), "rejected", G_TYPE_UINT64,
      count(stats.rejected), "rolled-back", G_TYPE_UINT64, count(stats.rolled_back), "skipped", G_TYPE_UINT64,
      count(stats.skipped), "failed", G_TYPE_UINT64, count(stats.failed), "last-config", G_TYPE_STRING,
      stats.last_config.c_str(), "last-reason", G_TYPE_STRING, stats.last_reason.c_str(), "training-ms", G_TYPE_DOUBLE,
      stats.training_ms, "share-granted", G_TYPE_DOUBLE, granted, "share-received", G_TYPE_DOUBLE, received, nullptr);
}

/// The element. GStreamer calls it; everything it decides is in learner::Retrainer.
class Retrain {
 public:
  explicit Retrain(GstBaseSink* self) : self_(self), scheduler_(element()) {}

  void set_property(guint id, const GValue* value);
  void get_property(guint id, GValue* value);
  SchedulerPlace& scheduler() { return scheduler_; }

  bool prepare();  ///< NULL -> READY
  bool open();     ///< READY -> PAUSED
  void close();    ///< PAUSED -> READY

  bool set_caps(GstCaps* caps);
  GstFlowReturn render(GstBuffer* buffer);

 private:
  Settings settings();
  GstElement* element() const { return GST_ELEMENT(self_); }
  Result<std::shared_ptr<const learner::Classifier>> newest_model(const ModelRequest& request,
                                                                  const learner::CheckpointStore::Newest& newest,
                                                                  std::shared_ptr<const learner::Classifier> first);
  Status start(const Settings& settings);
  Result<learner::RetrainerParts> make_parts(const Settings& settings, const ModelRequest& request,
                                             learner::StateFolder& state);
  void train();
  void report(const learner::AddReport& report);
  void warn(const char* kind, const std::string& text);

  GstBaseSink* const self_;
  Notices notices_;
  std::thread thread_;
  GstVideoInfo info_{};  ///< The streaming thread's, as is the retrainer's add().

  Mutex mutex_;
  Settings settings_ EKYA_GUARDED_BY(mutex_);

  SchedulerPlace scheduler_;

  // Made and dropped in state changes; the streaming and the trainer thread run only in between.
  std::unique_ptr<learner::Retrainer> retrainer_;
  std::unique_ptr<RetrainLink> link_;  ///< Dies first: it may still be signalled.

  /// Held while `stats` are read, which any thread may do at any time.
  Mutex stats_mutex_;
  bool open_ EKYA_GUARDED_BY(stats_mutex_) = false;
};

Settings Retrain::settings() {
  MutexLock lock(mutex_);
  return settings_;
}

void Retrain::set_property(guint id, const GValue* value) {
  MutexLock lock(mutex_);
  if (properties().has(id)) properties().set(settings_, id, value);
}

void Retrain::get_property(guint id, GValue* value) {
  if (properties().has(id)) {
    MutexLock lock(mutex_);
    properties().get(settings_, id, value);
    return;
  }
  MutexLock lock(stats_mutex_);
  learner::RetrainerStats stopped;
  stopped.state = "stopped";
  g_value_take_boxed(value, retrainer_
                                ? to_structure(retrainer_->stats(), link_->granted_share(), link_->received_share())
                                : to_structure(stopped, 0, 0));
}

bool Retrain::prepare() {
  const Settings now = settings();
  if (Status checked = check_name("stream-id", now.stream_id); !checked) {
    GST_ELEMENT_ERROR(self_, RESOURCE, SETTINGS, ("%s", checked.error().message.c_str()), (nullptr));
    return false;
  }
  scheduler_.find();
  return true;
}

bool Retrain::open() {
  notices_.reset();
  gst_video_info_init(&info_);
  const Status started = start(settings());
  if (started) return true;
  close();
  const std::string& text = started.error().message;
  switch (started.error().code) {
    case ErrorCode::kBusy:
      GST_ELEMENT_ERROR(self_, RESOURCE, BUSY, ("%s", text.c_str()), (nullptr));
      break;
    case ErrorCode::kInvalidArgument:
      GST_ELEMENT_ERROR(self_, RESOURCE, SETTINGS, ("%s", text.c_str()), (nullptr));
      break;
    default:
      GST_ELEMENT_ERROR(self_, RESOURCE, OPEN_READ_WRITE, ("%s", text.c_str()), (nullptr));
  }
  return false;
}

/// The newest checkpoint, where it is one of this model: another file may have been set since.
Result<std::shared_ptr<const learner::Classifier>> Retrain::newest_model(
    const ModelRequest& request, const learner::CheckpointStore::Newest& newest,
    std::shared_ptr<const learner::Classifier> first) {
  for (const std::string& rejected : newest.rejected)
    warn("checkpoint-rejected", "A checkpoint was rejected: " + rejected);
  if (!newest.entry) return first;
  auto retrained = open_classifier(request, &newest.weights);
  std::string reason;
  if (!retrained) {
    reason = retrained.error().message;
  } else {
    const auto &a = (*retrained)->info(), &b = first->info();
    const bool grown =
        a.labels.size() >= b.labels.size() && std::equal(b.labels.begin(), b.labels.end(), a.labels.begin());
    if (a.architecture == b.architecture && grown && a.input_size == b.input_size) return retrained;
    reason = "it has another architecture or input size than model-file, or labels that do not begin with its";
  }
  warn("checkpoint-rejected", newest.entry->path + " is not used, the stream starts from model-file: " + reason);
  return first;
}

Result<learner::RetrainerParts> Retrain::make_parts(const Settings& settings, const ModelRequest& request,
                                                    learner::StateFolder& state) {
  const auto engine = learner::engine();
  if (!engine) return engine.error();
  auto first = open_classifier(request);
  if (!first) return first.error();
  learner::SampleStoreOptions options;
  options.max_samples = settings.max_samples;
  const std::string folder = settings.state_folder.empty() ? default_folder(settings.stream_id) : settings.state_folder;
  auto opened = learner::open_state_folder(FileOps::system(), folder, options);
  if (!opened) return Error{opened.error().code, "state-folder: " + opened.error().message};
  state = *std::move(opened);
  auto live = newest_model(request, state.newest, *first);
  if (!live) return live.error();
  if (*live == *first) state.newest.entry.reset();
  learner::RetrainerParts parts;
  parts.engine = *engine;
  parts.live = *std::move(live);
  parts.lock = std::move(state.lock);
  parts.samples = std::move(state.samples);
  parts.checkpoints = std::move(state.checkpoints);
  parts.zoo = std::move(state.zoo);
  return parts;
}

Status Retrain::start(const Settings& settings) {
  learner::RetrainerOptions options;
  auto configs = learner::parse_training_configs(settings.configs);
  if (!configs) return configs.error();
  options.configs = *std::move(configs);
  options.slots = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.min_samples = static_cast<int>(settings.min_samples);
  options.gate.tolerance = settings.gate_tolerance;
  options.gate.confusion = settings.wrong_labels;
  options.new_class_samples = static_cast<int>(settings.new_class_samples);
  options.rollback_margin = settings.rollback_margin;
  options.seed = settings.seed;
  if (settings.model_file.empty())
    return Error{ErrorCode::kInvalidArgument, "model-file is not set; name the student that ekyainfer starts from"};
  if (settings.min_samples > settings.max_samples)
    return Error{ErrorCode::kInvalidArgument, "min-samples " + std::to_string(settings.min_samples) +
                                                  " is above max-samples " + std::to_string(settings.max_samples) +
                                                  ": no retraining would ever start"};
  const ModelRequest request{settings.model_file, settings.labels_file, settings.allow_torchscript};
  learner::StateFolder state;
  auto parts = make_parts(settings, request, state);
  if (!parts) return parts.error();
  options.feature_cache = state.features;
  const double accuracy = parts->live->info().accuracy;
  link_ = std::make_unique<RetrainLink>(element(), scheduler_.get().get(), settings.stream_id, notices_);
  retrainer_ = std::make_unique<learner::Retrainer>(*std::move(parts), std::move(options), *link_);
  if (Status joined = link_->join(*retrainer_); !joined) return joined;
  if (const auto& entry = state.newest.entry) link_->announce(entry->path, entry->generation, accuracy, "published");
  {
    MutexLock lock(stats_mutex_);
    open_ = true;
  }
  thread_ = std::thread([this] { train(); });
  return {};
}

void Retrain::train() {
  guarded(self_, [this] {
    enter_background_thread("ekya-train");
    retrainer_->run();
  });
}

void Retrain::close() {
  if (thread_.joinable()) {
    retrainer_->stop();
    link_->interrupt();
    thread_.join();
  }
  {
    MutexLock lock(stats_mutex_);
    open_ = false;
  }
  link_.reset();
  retrainer_.reset();
}

bool Retrain::set_caps(GstCaps* caps) { return gst_video_info_from_caps(&info_, caps); }

GstFlowReturn Retrain::render(GstBuffer* buffer) {
  if (GST_VIDEO_INFO_FORMAT(&info_) == GST_VIDEO_FORMAT_UNKNOWN) return GST_FLOW_NOT_NEGOTIATED;
  auto crops = labelled_crops(buffer, info_, retrainer_->model().input_size);
  if (!crops) {
    warn("unreadable-frame", "A frame was skipped: " + crops.error().message);
    return GST_FLOW_OK;
  }
  if (crops->empty()) return GST_FLOW_OK;
  const GstClockTime pts = GST_BUFFER_PTS(buffer);
  report(retrainer_->add(*std::move(crops), GST_CLOCK_TIME_IS_VALID(pts) ? static_cast<std::int64_t>(pts) : -1));
  return GST_FLOW_OK;
}

void Retrain::report(const learner::AddReport& report) {
  if (!report.unknown.empty())
    warn("unknown-label", "The student does not know the label \"" + printable(report.unknown.front()) +
                              "\" and cannot learn it: its samples are dropped. Take a student with this class, or map "
                              "the golden model's labels to the student's.");
  if (!report.store_error.empty())
    warn("sample-write-failed", "A sample could not be stored and is dropped: " + report.store_error +
                                    ". Free space in the state-folder, or name another.");
  if (!report.score_error.empty())
    warn("scoring-failed", "The live student could not be measured: " + report.score_error);
}

void Retrain::warn(const char* kind, const std::string& text) {
  if (const auto notice = notices_.take(kind, text))
    GST_ELEMENT_WARNING(self_, RESOURCE, FAILED, ("%s", notice->c_str()), ("%s", kind));
}

}  // namespace
}  // namespace ekya::gst

using ekya::gst::guarded;
using ekya::gst::Retrain;

struct _GstEkyaRetrain {
  GstBaseSink parent;
  Retrain* impl;
};

G_DEFINE_TYPE_WITH_CODE(GstEkyaRetrain, gst_ekya_retrain, GST_TYPE_BASE_SINK,
                        GST_DEBUG_CATEGORY_INIT(gst_ekya_retrain_debug, "ekyaretrain", 0, "Retraining of students"))
GST_ELEMENT_REGISTER_DEFINE(ekyaretrain, "ekyaretrain", GST_RANK_NONE, GST_TYPE_EKYA_RETRAIN)

static void gst_ekya_retrain_set_property(GObject* object, guint id, const GValue* value, GParamSpec*) {
  guarded(GST_ELEMENT(object), [&] { GST_EKYA_RETRAIN(object)->impl->set_property(id, value); });
}

static void gst_ekya_retrain_get_property(GObject* object, guint id, GValue* value, GParamSpec*) {
  guarded(GST_ELEMENT(object), [&] { GST_EKYA_RETRAIN(object)->impl->get_property(id, value); });
}

static void gst_ekya_retrain_finalize(GObject* object) {
  delete GST_EKYA_RETRAIN(object)->impl;
  G_OBJECT_CLASS(gst_ekya_retrain_parent_class)->finalize(object);
}

static void gst_ekya_retrain_set_context(GstElement* element, GstContext* context) {
  guarded(element, [&] { GST_EKYA_RETRAIN(element)->impl->scheduler().set_context(context); });
  GST_ELEMENT_CLASS(gst_ekya_retrain_parent_class)->set_context(element, context);
}

static bool gst_ekya_retrain_before(GstElement* element, GstStateChange transition) {
  Retrain* impl = GST_EKYA_RETRAIN(element)->impl;
  if (transition == GST_STATE_CHANGE_NULL_TO_READY) return impl->prepare();
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) return impl->open();
  return true;
}

static GstStateChangeReturn gst_ekya_retrain_change_state(GstElement* element, GstStateChange transition) {
  Retrain* impl = GST_EKYA_RETRAIN(element)->impl;
  if (!guarded(element, false, [&] { return gst_ekya_retrain_before(element, transition); }))
    return GST_STATE_CHANGE_FAILURE;
  const auto result = GST_ELEMENT_CLASS(gst_ekya_retrain_parent_class)->change_state(element, transition);
  const bool failed = result == GST_STATE_CHANGE_FAILURE;
  // The base class has stopped the streaming thread by now.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY || (failed && transition == GST_STATE_CHANGE_READY_TO_PAUSED))
    guarded(element, [&] { impl->close(); });
  if (transition == GST_STATE_CHANGE_READY_TO_NULL) guarded(element, [&] { impl->scheduler().forget(); });
  return result;
}

static gboolean gst_ekya_retrain_query(GstBaseSink* sink, GstQuery* query) {
  const bool answered = guarded(sink, false, [&] { return GST_EKYA_RETRAIN(sink)->impl->scheduler().answer(query); });
  return answered || GST_BASE_SINK_CLASS(gst_ekya_retrain_parent_class)->query(sink, query);
}

static gboolean gst_ekya_retrain_set_caps(GstBaseSink* sink, GstCaps* caps) {
  return guarded(sink, false, [&] { return GST_EKYA_RETRAIN(sink)->impl->set_caps(caps); });
}

static GstFlowReturn gst_ekya_retrain_render(GstBaseSink* sink, GstBuffer* buffer) {
  return guarded(sink, GST_FLOW_ERROR, [&] { return GST_EKYA_RETRAIN(sink)->impl->render(buffer); });
}

static void gst_ekya_retrain_class_init(GstEkyaRetrainClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  auto* element_class = GST_ELEMENT_CLASS(klass);
  auto* sink_class = GST_BASE_SINK_CLASS(klass);
  object_class->set_property = gst_ekya_retrain_set_property;
  object_class->get_property = gst_ekya_retrain_get_property;
  object_class->finalize = gst_ekya_retrain_finalize;
  element_class->change_state = gst_ekya_retrain_change_state;
  element_class->set_context = gst_ekya_retrain_set_context;
  sink_class->query = gst_ekya_retrain_query;
  sink_class->set_caps = gst_ekya_retrain_set_caps;
  sink_class->render = gst_ekya_retrain_render;
  ekya::gst::properties().install(object_class);
  g_object_class_install_property(
      object_class, ekya::gst::stats_id(),
      g_param_spec_boxed("stats", "stats", "What was stored, trained and decided so far", GST_TYPE_STRUCTURE,
                         static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  gst_element_class_add_static_pad_template(element_class, &ekya::gst::sink_template);
  gst_element_class_set_static_metadata(element_class, "Ekya retrainer", "Sink/Analyzer/Video",
                                        "Retrains the student of a stream on labelled frames beside live inference",
                                        "Ekya for GStreamer developers");
}

static void gst_ekya_retrain_init(GstEkyaRetrain* self) {
  self->impl = new Retrain(GST_BASE_SINK(self));
  gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_async_enabled(GST_BASE_SINK(self), FALSE);
}
