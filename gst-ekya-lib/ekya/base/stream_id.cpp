// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/stream_id.h"

#include <algorithm>
#include <string>

#include "ekya/base/printable.h"

namespace ekya {
namespace {

constexpr std::size_t kLongest = 64;

bool allowed(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

Status check_name(std::string_view what, std::string_view name) {
  const std::string rule = "; use 1 to 64 of A-Z a-z 0-9 _ -";
  if (name.empty() || name.size() > kLongest)
    return Error{ErrorCode::kInvalidArgument,
                 std::string(what) + " has " + std::to_string(name.size()) + " characters" + rule};
  const auto bad = std::find_if_not(name.begin(), name.end(), allowed);
  if (bad == name.end()) return {};
  return Error{ErrorCode::kInvalidArgument, std::string(what) + " has the character '" + printable({&*bad, 1}) +
                                                "' at position " + std::to_string(bad - name.begin() + 1) + rule};
}

}  // namespace ekya
