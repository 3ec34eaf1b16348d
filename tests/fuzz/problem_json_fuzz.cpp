// SPDX-License-Identifier: LGPL-2.1-or-later
// Any text as a problem or a plan: it is refused, or it is written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ekya/scheduler/problem_json.h"

namespace {

template <typename Read>
void check(std::string_view text, const Read& read) {
  const auto value = read(text);
  if (!value) return;
  const std::string written = ekya::scheduler::to_json(*value);
  const auto again = read(written);
  if (!again || ekya::scheduler::to_json(*again) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, ekya::scheduler::problem_from_json);
  check(text, ekya::scheduler::plan_from_json);
  return 0;
}
