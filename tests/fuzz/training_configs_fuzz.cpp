// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as configs: it is refused, or each config is one that can be trained.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ekya/base/stream_id.h"
#include "ekya/learner/training_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ekya::learner;  // NOLINT
  const auto configs = parse_training_configs({reinterpret_cast<const char*>(data), size});
  if (!configs) return 0;
  for (const TrainingConfig& config : *configs) {
    const bool usable = ekya::check_name("id", config.id) && config.epochs >= 1 && config.batch_size >= 1 &&
                        config.fraction > 0 && config.fraction <= 1 && config.learning_rate > 0;
    if (!usable || count_steps(config, 2000) < 1) std::abort();
  }
  return 0;
}
