// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:gstekyaclient
 * @title: GstEkyaClient
 * @short_description: one element's side of the negotiation
 *
 * For one stream and one kind of work. It posts `ekya-share-request` on its element's bus, takes an application's
 * answer or, if nobody answered, asks the shared scheduler itself, and keeps the grant. Work runs between
 * gst_ekya_client_begin_work() and gst_ekya_client_end_work(), which hold the share. Thread-safe. It holds no reference
 * on its element, and one on the scheduler.
 */
#include "gstekyaclient.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "answers.h"
#include "ekya/base/mutex.h"
#include "ekya/base/printable.h"
#include "gerror.h"
#include "gstekyaprivate.h"
#include "request_parser.h"
#include "structures.h"

namespace {

using ekya::MutexLock;
using ekya::Result;
using ekya::Seconds;
using ekya::Status;
using ekya::gst::guarded_call;
using ekya::gst::Member;
using ekya::gst::Question;
using ekya::gst::SchedulerLoop;
using ekya::scheduler::ShareGrant;
using ekya::scheduler::ShareRequest;

constexpr std::size_t kLongestClient = 100;  // Leaves room for the number that makes it unique.
// A wait without end is made of these; interrupt() and leave() end each of them at once.
constexpr Seconds kLongestWait{3600};

guint granted_signal;

std::string client_name(GstElement* element) {
  if (!element) return "client";
  gchar* name = gst_object_get_name(GST_OBJECT(element));
  const std::string safe = ekya::printable(name ? name : "", kLongestClient);
  g_free(name);
  return safe.empty() ? "client" : safe;
}

/// The C++ side of a GstEkyaClient; lives from new to finalize.
class Client {
 public:
  Client(GstEkyaClient* self, GstElement* element, GstEkyaScheduler* scheduler, const gchar* stream_id,
         GstEkyaClientKind kind)
      : scheduler_(GST_EKYA_SCHEDULER(gst_object_ref(scheduler))),
        loop_(ekya::gst::loop_of(scheduler)),
        voice_(std::make_shared<ekya::gst::Voice>(element)),
        member_(loop_->add_member({stream_id, ekya::gst::kind_of(kind), client_name(element)}, self)) {}

  ~Client() {
    leave();
    gst_object_unref(scheduler_);
  }

  void leave() {
    loop_->remove_member(*member_);
    keep(nullptr);
  }

  /// Takes `request`.
  Status request(GstStructure* request) {
    gst_structure_set_name(request, "ekya-share-request");
    gst_structure_set(request, "stream-id", G_TYPE_STRING, member_->key().stream.c_str(), "kind", G_TYPE_STRING,
                      ekya::scheduler::to_string(member_->key().kind), "client", G_TYPE_STRING,
                      member_->key().client.c_str(), nullptr);
    Result<ShareRequest> parsed = ekya::gst::parse_request(request);
    if (!parsed || member_->left()) {
      gst_structure_free(request);
      return parsed ? left() : parsed.error();
    }
    auto answer = ask_the_bus(request);
    if (Result<ShareGrant> grant = loop_->request(member_.get(), *parsed); !grant) return grant.error();
    if (answer) obey(*answer);
    return {};
  }

  GstStructure* grant() const {
    const auto grant = member_->grant();
    return grant ? ekya::gst::to_structure(*grant) : nullptr;
  }

  double share(guint* serial) const {
    if (serial) *serial = member_->serial();
    return member_->share();
  }

  double received_share() const { return member_->left() ? 0 : loop_->governor().received_share(member_->lease()); }

  bool begin_work(GstClockTime max_wait) {
    if (GST_CLOCK_TIME_IS_VALID(max_wait)) {
      const Seconds wait{static_cast<double>(max_wait) / GST_SECOND};
      return !member_->left() && static_cast<bool>(acquire(std::min(wait, kLongestWait)));
    }
    while (!member_->left()) {
      const Status acquired = acquire(kLongestWait);
      if (acquired) return true;
      if (acquired.error().code != ekya::ErrorCode::kBusy || is_live()) return false;
    }
    return false;
  }

  void end_work() { loop_->governor().release(member_->lease()); }

  void set_interrupted(bool interrupted) {
    if (!member_->left()) loop_->governor().interrupt(member_->lease(), interrupted);
  }

 private:
  static ekya::Error left() { return {ekya::ErrorCode::kCancelled, "the client has left the scheduler"}; }

  bool is_live() const { return member_->key().kind == ekya::scheduler::ClientKind::kInference; }

  Status acquire(Seconds wait) { return loop_->governor().acquire(member_->lease(), wait); }

  /// Takes `request`. What an application answered, if one did while the message was on its way.
  std::optional<Result<ekya::gst::Answer>> ask_the_bus(GstStructure* request) {
    GstElement* element = voice_->element();
    if (!element) {
      gst_structure_free(request);
      return std::nullopt;
    }
    auto question = std::make_unique<Question>(voice_);
    gst_structure_set(request, "reply", GST_TYPE_PROMISE, question->promise(), nullptr);
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), request));
    gst_object_unref(element);
    auto answer = question->decide();
    keep(std::move(question));
    return answer;
  }

  void obey(const Result<ekya::gst::Answer>& answer) {
    if (!answer)
      return voice_->warn("wrong-answer",
                          "The answer to ekya-share-request of " + who() +
                              " is ignored and the scheduler's grant stands: " + answer.error().message + ".");
    if (!answer->share) return;
    if (Status pinned = loop_->pin_by_answer(*member_, *answer->share); !pinned)
      voice_->warn("impossible-answer",
                   "The answer to ekya-share-request of " + who() +
                       " cannot be met and the scheduler's grant stands: " + pinned.error().message + ".");
  }

  std::string who() const { return "stream " + member_->key().stream + ", client " + member_->key().client; }

  /// The question before it ends outside the lock: an application may be answering it right now.
  void keep(std::unique_ptr<Question> question) {
    MutexLock lock(mutex_);
    std::swap(question_, question);
    lock.unlock();
    question.reset();
    lock.lock();
  }

  GstEkyaScheduler* const scheduler_;
  const std::shared_ptr<SchedulerLoop> loop_;
  const std::shared_ptr<ekya::gst::Voice> voice_;
  const std::shared_ptr<Member> member_;
  ekya::Mutex mutex_;
  std::unique_ptr<Question> question_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace

/**
 * GstEkyaClient:
 *
 * A client of the shared scheduler.
 */
struct _GstEkyaClient {
  GstObject parent;
  Client* impl;
};

G_DEFINE_TYPE(GstEkyaClient, gst_ekya_client, GST_TYPE_OBJECT)

static void gst_ekya_client_dispose(GObject* object) {
  if (Client* impl = GST_EKYA_CLIENT(object)->impl) impl->leave();
  G_OBJECT_CLASS(gst_ekya_client_parent_class)->dispose(object);
}

static void gst_ekya_client_finalize(GObject* object) {
  delete GST_EKYA_CLIENT(object)->impl;
  G_OBJECT_CLASS(gst_ekya_client_parent_class)->finalize(object);
}

static void gst_ekya_client_init(GstEkyaClient* self) { self->impl = nullptr; }

static void gst_ekya_client_class_init(GstEkyaClientClass* klass) {
  G_OBJECT_CLASS(klass)->dispose = gst_ekya_client_dispose;
  G_OBJECT_CLASS(klass)->finalize = gst_ekya_client_finalize;
  /**
   * GstEkyaClient::granted:
   * @self: the client
   * @grant: `ekya-share-grant`
   *
   * The scheduler granted something new. Emitted from the scheduler's thread without a lock.
   */
  granted_signal = g_signal_new("granted", GST_TYPE_EKYA_CLIENT, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                                G_TYPE_NONE, 1, GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

/**
 * gst_ekya_client_new:
 * @element: (nullable): the element whose bus it speaks on; not kept alive
 * @scheduler: the shared scheduler
 * @stream_id: the stream
 * @kind: what the client does with its share
 *
 * The client is called as the element is; with a number behind when that name is taken for the stream and kind.
 * Until its first request the client is no part of any plan.
 *
 * Returns: (transfer full): a client
 */
GstEkyaClient* gst_ekya_client_new(GstElement* element, GstEkyaScheduler* scheduler, const gchar* stream_id,
                                   GstEkyaClientKind kind) {
  g_return_val_if_fail(!element || GST_IS_ELEMENT(element), nullptr);
  g_return_val_if_fail(GST_IS_EKYA_SCHEDULER(scheduler), nullptr);
  g_return_val_if_fail(stream_id, nullptr);
  auto* self = GST_EKYA_CLIENT(gst_object_ref_sink(g_object_new(GST_TYPE_EKYA_CLIENT, nullptr)));
  self->impl = new Client(self, element, scheduler, stream_id, kind);
  return self;
}

/**
 * gst_ekya_client_request:
 * @self: the client
 * @request: (transfer full): `configs`, `demand`, `accuracy`, `running` and `reason` as docs/protocol.md tells; the
 * name and the identity are filled in
 * @error: (nullable): place for the error
 *
 * Joins, or tells new figures. Posts on the bus: call it without any lock held.
 *
 * Returns: %TRUE when a grant is in force. %FALSE when the request is refused: the last grant stays, or without one a
 *   tenth of the device for live inference and nothing for other work
 */
gboolean gst_ekya_client_request(GstEkyaClient* self, GstStructure* request, GError** error) {
  g_return_val_if_fail(GST_IS_EKYA_CLIENT(self), FALSE);
  g_return_val_if_fail(request, FALSE);
  return guarded_call(error, FALSE, [&] { return ekya::gst::report(self->impl->request(request), error); });
}

/**
 * gst_ekya_client_get_grant:
 * @self: the client
 *
 * Returns: (transfer full) (nullable): `ekya-share-grant` in force; %NULL before the first
 */
GstStructure* gst_ekya_client_get_grant(GstEkyaClient* self) {
  g_return_val_if_fail(GST_IS_EKYA_CLIENT(self), nullptr);
  return guarded_call(nullptr, static_cast<GstStructure*>(nullptr), [&] { return self->impl->grant(); });
}

/**
 * gst_ekya_client_get_share:
 * @self: the client
 * @serial: (out) (optional): changes with each new grant
 *
 * Cheap enough to be called for every frame.
 *
 * Returns: the share in force, in devices
 */
gdouble gst_ekya_client_get_share(GstEkyaClient* self, guint* serial) {
  g_return_val_if_fail(GST_IS_EKYA_CLIENT(self), 0);
  return self->impl->share(serial);
}

/**
 * gst_ekya_client_get_received_share:
 * @self: the client
 *
 * Returns: the share that the client really had over the last seconds, in devices
 */
gdouble gst_ekya_client_get_received_share(GstEkyaClient* self) {
  g_return_val_if_fail(GST_IS_EKYA_CLIENT(self), 0);
  return guarded_call(nullptr, 0.0, [&] { return self->impl->received_share(); });
}

/**
 * gst_ekya_client_begin_work:
 * @self: the client
 * @max_wait: longest wait for a turn; live inference never waits
 *
 * Takes the right to compute, in one thread, until gst_ekya_client_end_work().
 *
 * Returns: %FALSE: not now, interrupted, or the client has left
 */
gboolean gst_ekya_client_begin_work(GstEkyaClient* self, GstClockTime max_wait) {
  g_return_val_if_fail(GST_IS_EKYA_CLIENT(self), FALSE);
  return guarded_call(nullptr, FALSE, [&]() -> gboolean { return self->impl->begin_work(max_wait); });
}

/**
 * gst_ekya_client_end_work:
 * @self: the client
 *
 * Gives the right back; the time in between is charged. Only after gst_ekya_client_begin_work() returned %TRUE.
 */
void gst_ekya_client_end_work(GstEkyaClient* self) {
  g_return_if_fail(GST_IS_EKYA_CLIENT(self));
  guarded_call(nullptr, 0, [&] {
    self->impl->end_work();
    return 0;
  });
}

/**
 * gst_ekya_client_set_interrupted:
 * @self: the client
 * @interrupted: whether gst_ekya_client_begin_work() fails at once
 *
 * For a thread that is to be joined; wakes one that waits.
 */
void gst_ekya_client_set_interrupted(GstEkyaClient* self, gboolean interrupted) {
  g_return_if_fail(GST_IS_EKYA_CLIENT(self));
  guarded_call(nullptr, 0, [&] {
    self->impl->set_interrupted(interrupted);
    return 0;
  });
}

/**
 * gst_ekya_client_leave:
 * @self: the client
 *
 * Gives everything back; after it the client only fails, and emits nothing.
 */
void gst_ekya_client_leave(GstEkyaClient* self) {
  g_return_if_fail(GST_IS_EKYA_CLIENT(self));
  guarded_call(nullptr, 0, [&] {
    self->impl->leave();
    return 0;
  });
}
