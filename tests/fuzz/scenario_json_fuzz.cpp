// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as a scenario: it is refused, or it is written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ekya/sim/scenario_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto scenario = ekya::sim::scenario_from_json({reinterpret_cast<const char*>(data), size});
  if (!scenario) return 0;
  const std::string written = ekya::sim::to_json(*scenario);
  const auto again = ekya::sim::scenario_from_json(written);
  if (!again || ekya::sim::to_json(*again) != written) std::abort();
  return 0;
}
