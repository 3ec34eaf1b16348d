// SPDX-License-Identifier: LGPL-2.1-or-later
#include "glue/call_gate.h"

#include <algorithm>

namespace ekya::gst {

void CallGate::open() {
  MutexLock lock(mutex_);
  is_open_ = true;
}

void CallGate::close() {
  MutexLock lock(mutex_);
  is_open_ = false;
  const auto self = std::this_thread::get_id();
  while (std::ranges::any_of(inside_, [&](std::thread::id id) { return id != self; })) changed_.wait(lock);
}

bool CallGate::enter() {
  MutexLock lock(mutex_);
  if (is_open_) inside_.push_back(std::this_thread::get_id());
  return is_open_;
}

void CallGate::leave() {
  MutexLock lock(mutex_);
  inside_.erase(std::ranges::find(inside_, std::this_thread::get_id()));
  changed_.notify_all();
}

}  // namespace ekya::gst
