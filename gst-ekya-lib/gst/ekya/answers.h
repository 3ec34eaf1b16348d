// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ekya/base/clock.h"
#include "ekya/base/mutex.h"
#include "ekya/base/result.h"
#include "request_parser.h"

namespace ekya::gst {

/// Speaks to the bus for a client whose element may be gone. A kind of warning is posted at most once a minute, with
/// the number of times that it happened. Thread-safe.
class Voice {
 public:
  explicit Voice(GstElement* element);
  ~Voice();
  Voice(const Voice&) = delete;
  Voice& operator=(const Voice&) = delete;

  /// A new reference, or null.
  GstElement* element();
  void warn(const char* kind, const std::string& text);

 private:
  struct Entry {
    Seconds posted{0};
    unsigned unsaid = 0;
  };
  GWeakRef element_;
  Mutex mutex_;
  std::map<std::string, Entry> entries_ EKYA_GUARDED_BY(mutex_);
};

/// One question to the bus: a promise that goes with the message. It stays open after the decision until the next
/// question, so that an application that answers too late is heard and told, instead of hitting GStreamer's assertion
/// on a promise that somebody else has answered.
class Question {
 public:
  explicit Question(std::shared_ptr<Voice> voice);
  /// Interrupts the promise: what is answered from now on vanishes.
  ~Question();
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  GstPromise* promise() const { return promise_; }
  /// Ends the time for an answer. Empty: nobody answered. Errors: what is wrong with the answer.
  std::optional<Result<Answer>> decide();

 private:
  struct State;
  const std::shared_ptr<State> state_;
  GstPromise* const promise_;
};

}  // namespace ekya::gst
