// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace ekya {

/// Text of unknown origin made safe for a message: printable ASCII as it is, every other byte as \xNN, cut to `longest`
/// bytes of input with "..." behind.
std::string printable(std::string_view text, std::size_t longest = 80);

}  // namespace ekya
