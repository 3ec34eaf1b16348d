// SPDX-License-Identifier: LGPL-2.1-or-later
#include "glue/notice.h"

namespace ekya::gst {

std::optional<std::string> Notices::take(const std::string& kind, const std::string& text, Seconds now) {
  MutexLock lock(mutex_);
  const auto [found, is_new] = entries_.try_emplace(kind);
  Entry& entry = found->second;
  ++entry.unsaid;
  if (!is_new && now - entry.posted < interval_) return std::nullopt;
  const unsigned count = entry.unsaid;
  entry = {now, 0};
  if (count == 1) return text;
  return text + " (" + std::to_string(count) + " times since the last such message)";
}

void Notices::reset() {
  MutexLock lock(mutex_);
  entries_.clear();
}

}  // namespace ekya::gst
