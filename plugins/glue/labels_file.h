// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ekya/base/result.h"

namespace ekya::gst {

inline constexpr std::size_t kLongestTextFile = std::size_t{1} << 20;  ///< Of a labels file or .modelinfo, in bytes.
inline constexpr std::size_t kMostLabels = 4096;

/// A small text file as it is. Errors name the path, and the line of a byte that is no UTF-8 or a control character.
Result<std::string> read_text(const std::string& path);

/// Lines of a text without their ends ("\n" or "\r\n").
std::vector<std::string_view> split_lines(std::string_view text);

/// Checks that the labels are 1 to 4096, unique, 1 to 256 bytes long.
/// Errors: kInvalidArgument; `where` and the label's number are in the message.
Status check_labels(const std::vector<std::string>& labels, const std::string& where);

}  // namespace ekya::gst
