// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <thread>
#include <vector>

#include "ekya/base/mutex.h"

namespace ekya::gst {

/// Lets calls from other threads in while it is open. To disconnect a signal does not wait for a call that is under
/// way; to close this does, so that nothing happens after it, as when a streaming thread has ended. Thread-safe.
class CallGate {
 public:
  /// One call, for a scope; false where the gate is closed.
  class Call {
   public:
    explicit Call(CallGate& gate) : gate_(gate.enter() ? &gate : nullptr) {}
    ~Call() {
      if (gate_) gate_->leave();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    explicit operator bool() const { return gate_; }

   private:
    CallGate* gate_;
  };

  void open();
  /// Waits for the calls under way, save those of this thread.
  void close();

 private:
  bool enter();
  void leave();

  Mutex mutex_;
  Condition changed_;
  bool is_open_ EKYA_GUARDED_BY(mutex_) = false;
  std::vector<std::thread::id> inside_ EKYA_GUARDED_BY(mutex_);
};

}  // namespace ekya::gst
