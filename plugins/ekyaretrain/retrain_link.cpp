// SPDX-License-Identifier: LGPL-2.1-or-later
#include "retrain_link.h"

#include <cstring>
#include <utility>

#include "ekya/drift/watch.h"

GST_DEBUG_CATEGORY_EXTERN(gst_ekya_retrain_debug);
#define GST_CAT_DEFAULT gst_ekya_retrain_debug

namespace ekya::gst {
namespace {

using learner::JobNews;
using learner::ModelNews;

using Box = std::shared_ptr<Mailbox>;

void on_window(gpointer, const GstStructure* window, gpointer box) { (*static_cast<Box*>(box))->on_window(window); }
void on_grant(gpointer, const GstStructure* grant, gpointer box) { (*static_cast<Box*>(box))->on_grant(grant); }

/// The mailbox lives as long as the handler or a call of it that is under way.
gulong connect(gpointer object, const char* signal, GCallback handler, const Box& mailbox) {
  const auto free_box = [](gpointer box, GClosure*) { delete static_cast<Box*>(box); };
  return g_signal_connect_data(object, signal, handler, new Box(mailbox), free_box, static_cast<GConnectFlags>(0));
}

GstStructure* to_structure(const learner::ConfigOffer& offer) {
  return gst_structure_new("config", "id", G_TYPE_STRING, offer.id.c_str(), "work", G_TYPE_DOUBLE, offer.work,
                           "accuracy", G_TYPE_DOUBLE, offer.accuracy, "max-share", G_TYPE_DOUBLE, offer.max_share,
                           nullptr);
}

GstStructure* to_structure(const learner::ShareAsk& ask) {
  GstStructure* request = gst_structure_new("ekya-share-request", "reason", G_TYPE_STRING, ask.reason.c_str(), nullptr);
  if (ask.accuracy) gst_structure_set(request, "accuracy", G_TYPE_DOUBLE, *ask.accuracy, nullptr);
  if (!ask.running.empty()) gst_structure_set(request, "running", G_TYPE_STRING, ask.running.c_str(), nullptr);
  GValue list = G_VALUE_INIT;
  g_value_init(&list, GST_TYPE_LIST);
  for (const learner::ConfigOffer& offer : ask.configs) {
    GValue item = G_VALUE_INIT;
    g_value_init(&item, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&item, to_structure(offer));
    gst_value_list_append_and_take_value(&list, &item);
  }
  gst_structure_take_value(request, "configs", &list);
  return request;
}

GstProgressType progress_type(JobNews::Kind kind) {
  switch (kind) {
    case JobNews::Kind::kStarted:
      return GST_PROGRESS_TYPE_START;
    case JobNews::Kind::kProgress:
      return GST_PROGRESS_TYPE_CONTINUE;
    case JobNews::Kind::kCompleted:
      return GST_PROGRESS_TYPE_COMPLETE;
    case JobNews::Kind::kCancelled:
      return GST_PROGRESS_TYPE_CANCELED;
    case JobNews::Kind::kFailed:
      break;
  }
  return GST_PROGRESS_TYPE_ERROR;
}

}  // namespace

void Mailbox::open(learner::Retrainer* retrainer) {
  MutexLock lock(mutex_);
  retrainer_ = retrainer;
}

void Mailbox::on_window(const GstStructure* window) {
  const gchar* state = window ? gst_structure_get_string(window, "state") : nullptr;
  if (!state || std::strcmp(state, "opened") != 0) return;
  guint64 begin = 0, end = 0;
  gst_structure_get_uint64(window, "begin", &begin);
  gst_structure_get_uint64(window, "end", &end);
  const Seconds duration{end > begin ? static_cast<double>(end - begin) / GST_SECOND : 0};
  MutexLock lock(mutex_);
  if (retrainer_) retrainer_->window_opened(duration);
}

void Mailbox::on_grant(const GstStructure* grant) {
  if (!grant) return;
  learner::Granted granted;
  const gchar* config = gst_structure_get_string(grant, "config");
  granted.config = config ? config : "";
  gst_structure_get_double(grant, "share", &granted.share);
  guint64 plan = 0;
  gst_structure_get_uint64(grant, "plan", &plan);
  granted.plan = plan;
  MutexLock lock(mutex_);
  if (retrainer_) retrainer_->granted(granted);
}

RetrainLink::RetrainLink(GstElement* element, GstEkyaScheduler* scheduler, std::string stream_id, Notices& notices)
    : element_(element),
      scheduler_(GST_EKYA_SCHEDULER(gst_object_ref(scheduler))),
      client_(gst_ekya_client_new(element, scheduler, stream_id.c_str(), GST_EKYA_CLIENT_RETRAINING)),
      stream_id_(std::move(stream_id)),
      notices_(notices) {}

RetrainLink::~RetrainLink() {
  mailbox_->close();
  if (window_handler_) g_signal_handler_disconnect(scheduler_.get(), window_handler_);
  if (grant_handler_) g_signal_handler_disconnect(client_.get(), grant_handler_);
  gst_ekya_client_leave(client_.get());
}

Status RetrainLink::join(learner::Retrainer& retrainer) {
  mailbox_->open(&retrainer);
  window_handler_ = connect(scheduler_.get(), "window", G_CALLBACK(&ekya::gst::on_window), mailbox_);
  grant_handler_ = connect(client_.get(), "granted", G_CALLBACK(&ekya::gst::on_grant), mailbox_);
  return request(retrainer.first_ask());
}

void RetrainLink::interrupt() { gst_ekya_client_set_interrupted(client_.get(), TRUE); }

Status RetrainLink::request(const learner::ShareAsk& ask) {
  GError* error = nullptr;
  if (gst_ekya_client_request(client_.get(), to_structure(ask), &error)) {
    // The answer itself is not signalled, only what changes later.
    const StructurePtr grant(gst_ekya_client_get_grant(client_.get()));
    mailbox_->on_grant(grant.get());
    return {};
  }
  const ErrorPtr owner(error);
  return Error{ErrorCode::kBusy, error ? error->message : "the scheduler refused the request"};
}

void RetrainLink::ask(const learner::ShareAsk& ask) {
  if (Status asked = request(ask); !asked) warn("share-request-refused", asked.error().message);
}

bool RetrainLink::begin_work(Seconds longest) {
  return gst_ekya_client_begin_work(client_.get(), static_cast<GstClockTime>(longest.count() * GST_SECOND));
}

void RetrainLink::end_work() { gst_ekya_client_end_work(client_.get()); }

double RetrainLink::granted_share() const { return gst_ekya_client_get_share(client_.get(), nullptr); }

double RetrainLink::received_share() const { return gst_ekya_client_get_received_share(client_.get()); }

bool RetrainLink::playing() const {
  GST_OBJECT_LOCK(element_);
  const bool playing = GST_STATE(element_) == GST_STATE_PLAYING;
  GST_OBJECT_UNLOCK(element_);
  return playing;
}

void RetrainLink::job_news(const JobNews& news) {
  // A START before preroll would keep gst-launch from playing.
  if (news.kind == JobNews::Kind::kStarted) announced_ = playing();
  if (!announced_) return;
  gst_element_post_message(element_, gst_message_new_progress(GST_OBJECT(element_), progress_type(news.kind),
                                                              "retraining", news.text.c_str()));
  announced_ = news.kind == JobNews::Kind::kStarted || news.kind == JobNews::Kind::kProgress;
}

void RetrainLink::announce(const std::string& path, std::uint64_t generation, double accuracy, const char* status) {
  const StructurePtr checkpoint(gst_structure_new("ekya-checkpoint", "stream-id", G_TYPE_STRING, stream_id_.c_str(),
                                                  "path", G_TYPE_STRING, path.c_str(), "generation", G_TYPE_UINT64,
                                                  static_cast<guint64>(generation), "accuracy", G_TYPE_DOUBLE, accuracy,
                                                  "status", G_TYPE_STRING, status, nullptr));
  GError* error = nullptr;
  if (gst_ekya_scheduler_publish_checkpoint(scheduler_.get(), checkpoint.get(), &error)) return;
  const ErrorPtr owner(error);
  warn("checkpoint-refused", error ? error->message : "the scheduler refused the checkpoint");
}

void RetrainLink::model_news(const ModelNews& news) {
  const bool rejected = news.kind == ModelNews::Kind::kRejected;
  const char* status = rejected ? "rejected" : news.kind == ModelNews::Kind::kPublished ? "published" : "rolled-back";
  GST_INFO_OBJECT(element_, "generation %" G_GUINT64_FORMAT " %s: %s", static_cast<guint64>(news.generation), status,
                  news.reason.c_str());
  if (!rejected) announce(news.path, news.generation, news.accuracy, status);
  if (news.kind == ModelNews::Kind::kPublished) return;  // The ekyainfer that takes it tells of that.
  post(gst_structure_new("ekya-model-swap", "stream-id", G_TYPE_STRING, stream_id_.c_str(), "generation", G_TYPE_UINT64,
                         static_cast<guint64>(news.generation), "from-generation", G_TYPE_UINT64,
                         static_cast<guint64>(news.from_generation), "accuracy", G_TYPE_DOUBLE, news.accuracy, "status",
                         G_TYPE_STRING, status, "reason", G_TYPE_STRING, news.reason.c_str(), "load-ms", G_TYPE_DOUBLE,
                         0.0, "swap-ms", G_TYPE_DOUBLE, 0.0, nullptr));
}

void RetrainLink::drift(double accuracy, double previous) {
  StructurePtr told(gst_structure_new("ekya-drift", "stream-id", G_TYPE_STRING, stream_id_.c_str(), "tier", G_TYPE_UINT,
                                      static_cast<guint>(drift::Tier::kLabels), "accuracy", G_TYPE_DOUBLE, accuracy,
                                      "previous-accuracy", G_TYPE_DOUBLE, previous, nullptr));
  gst_ekya_scheduler_report_drift(scheduler_.get(), told.get(), nullptr);
  post(told.release());
}

void RetrainLink::post(GstStructure* structure) {
  gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), structure));
}

void RetrainLink::warn(const std::string& kind, const std::string& text) {
  if (const auto notice = notices_.take(kind, text))
    GST_ELEMENT_WARNING(element_, RESOURCE, FAILED, ("%s", notice->c_str()), ("%s", kind.c_str()));
}

}  // namespace ekya::gst
