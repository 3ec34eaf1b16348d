// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/numbered_name.h"

#include <charconv>

namespace ekya::learner {
namespace {

constexpr std::size_t kDigits = 12;
constexpr std::string_view kEnd = ".safetensors";

}  // namespace

std::string numbered_name(std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, kDigits - digits.size(), '0');
  return digits + std::string(kEnd);
}

std::optional<std::uint64_t> number_of_name(std::string_view name, std::string_view suffix) {
  if (name.size() != kDigits + kEnd.size() + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + kDigits, number);
  if (failed != std::errc() || end != name.data() + kDigits || !name.ends_with(kEnd)) return std::nullopt;
  return number;
}

}  // namespace ekya::learner
