// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as label-map: it is refused in few words, or it maps every label to a label or to nothing.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ekyalabel/label_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto map = ekya::gst::label::LabelMap::parse(text);
  if (!map && map.error().message.size() > 1000) std::abort();
  if (!map) return 0;
  for (const std::string_view golden : {text, text.substr(0, size / 2), std::string_view("car"), std::string_view()}) {
    const auto label = map->map(golden);
    if (label && label->empty()) std::abort();
  }
  return 0;
}
