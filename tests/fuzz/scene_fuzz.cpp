// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as the statistics of a scene: it is refused, or a scene that is written and read back the same and compares.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ekya/learner/scene_statistics.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ekya::learner;  // NOLINT
  const auto scene = parse_scene({reinterpret_cast<const char*>(data), size});
  if (!scene) return 0;
  const auto again = parse_scene(scene_text(*scene));
  if (!again || again->mean != scene->mean || again->variance != scene->variance) std::abort();
  if (std::isnan(distance(*scene, *again))) std::abort();
  return 0;
}
