// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ekya::learner {

inline constexpr std::uint64_t kLastNumber = 999'999'999'999;

/// "<number, 12 digits>.safetensors": such names sort like their numbers. number <= kLastNumber.
std::string numbered_name(std::uint64_t number);

/// Number of "<12 digits>.safetensors<suffix>"; none for any other name.
std::optional<std::uint64_t> number_of_name(std::string_view name, std::string_view suffix = "");

}  // namespace ekya::learner
