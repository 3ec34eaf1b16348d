// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as a trace: it is refused, or it is a scenario that passes its check.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ekya/sim/replay.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto trace = ekya::sim::trace_from_json_lines({reinterpret_cast<const char*>(data), size});
  if (!trace) return 0;
  const auto recording = ekya::sim::recording_of(*trace);
  if (recording && !validate(recording->scenario)) std::abort();
  return 0;
}
