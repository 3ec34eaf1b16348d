// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/window_book.h"

#include <algorithm>
#include <utility>

namespace ekya::scheduler {

void WindowBook::open(Seconds begin, Seconds duration) {
  window_ = {window_.window + 1, begin, begin + duration};
  passed_ = begin;
}

Seconds WindowBook::pass(Seconds now) {
  const Seconds time = std::min(now, window_.end) - passed_;
  if (time <= Seconds{0}) return Seconds{0};
  passed_ += time;
  for (auto& [id, record] : records_) record.pass(time);
  return time;
}

WindowClosed WindowBook::close() {
  WindowClosed closed{window_.window, window_.begin, window_.end, {}};
  for (auto& [id, record] : records_) {
    closed.streams.push_back({id, record.expected_accuracy(), record.measured_accuracy()});
    record.restart();
  }
  return closed;
}

}  // namespace ekya::scheduler
