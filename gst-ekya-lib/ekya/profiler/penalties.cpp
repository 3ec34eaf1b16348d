// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/penalties.h"

#include <algorithm>

namespace ekya::profiler {

void Penalties::failed(const std::string& id) {
  Record& record = records_[id];
  record.failures = std::min(record.failures + 1, 6);
  record.windows = 1 << record.failures;
}

void Penalties::new_window() {
  for (auto& [id, record] : records_) record.windows = std::max(record.windows - 1, 0);
}

bool Penalties::suspended(const std::string& id) const {
  const auto found = records_.find(id);
  return found != records_.end() && found->second.windows > 0;
}

}  // namespace ekya::profiler
