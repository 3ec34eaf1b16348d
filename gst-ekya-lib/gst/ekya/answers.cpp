// SPDX-License-Identifier: LGPL-2.1-or-later
#include "answers.h"

#include <exception>
#include <utility>

#include "gstekyaprivate.h"

namespace ekya::gst {
namespace {

constexpr Seconds kBetweenWarnings{60};

}  // namespace

Voice::Voice(GstElement* element) { g_weak_ref_init(&element_, element); }

Voice::~Voice() { g_weak_ref_clear(&element_); }

GstElement* Voice::element() { return static_cast<GstElement*>(g_weak_ref_get(&element_)); }

void Voice::warn(const char* kind, const std::string& text) {
  unsigned count = 0;
  {
    MutexLock lock(mutex_);
    const auto [found, is_new] = entries_.try_emplace(kind);
    Entry& entry = found->second;
    ++entry.unsaid;
    if (!is_new && steady_now() - entry.posted < kBetweenWarnings) return;
    count = std::exchange(entry, Entry{steady_now(), 0}).unsaid;
  }
  GstElement* element = this->element();
  if (!element) return;
  GST_ELEMENT_WARNING(element, RESOURCE, SETTINGS, ("%s", text.c_str()), ("%s, %u times", kind, count));
  gst_object_unref(element);
}

struct Question::State {
  explicit State(std::shared_ptr<Voice> v) : voice(std::move(v)) {}

  /// Runs in whichever thread answers.
  void answered(GstPromise* promise) {
    Result<Answer> parsed = parse_answer(gst_promise_get_reply(promise));
    {
      MutexLock lock(mutex);
      if (open) {
        answer = std::move(parsed);
        return;
      }
    }
    voice->warn("late-answer",
                "An answer to ekya-share-request came after the scheduler had decided, and is ignored: answer in a "
                "sync handler of the bus, or use the action signal pin-share of ekyascheduler.");
  }

  const std::shared_ptr<Voice> voice;
  Mutex mutex;
  bool open EKYA_GUARDED_BY(mutex) = true;
  std::optional<Result<Answer>> answer EKYA_GUARDED_BY(mutex);
};

Question::Question(std::shared_ptr<Voice> voice)
    : state_(std::make_shared<State>(std::move(voice))),
      promise_(gst_promise_new_with_change_func(
          [](GstPromise* promise, gpointer data) {
            if (gst_promise_wait(promise) != GST_PROMISE_RESULT_REPLIED) return;
            try {
              (*static_cast<std::shared_ptr<State>*>(data))->answered(promise);
            } catch (const std::exception& e) {
              GST_WARNING("an answer to ekya-share-request is ignored: %s", e.what());
            }
          },
          new std::shared_ptr<State>(state_),
          [](gpointer data) { delete static_cast<std::shared_ptr<State>*>(data); })) {
  gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(promise_), g_quark_from_static_string(GST_EKYA_CLIENT_PROMISE),
                            promise_, nullptr);
}

Question::~Question() {
  gst_promise_interrupt(promise_);
  gst_promise_unref(promise_);
}

std::optional<Result<Answer>> Question::decide() {
  MutexLock lock(state_->mutex);
  state_->open = false;
  return std::move(state_->answer);
}

}  // namespace ekya::gst
