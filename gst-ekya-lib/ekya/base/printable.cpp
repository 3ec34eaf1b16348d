// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/printable.h"

namespace ekya {

std::string printable(std::string_view text, std::size_t longest) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string safe;
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c >= ' ' && c <= '~')
      safe += c;
    else
      safe += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  }
  return text.size() > longest ? safe + "..." : safe;
}

}  // namespace ekya
