// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/base/strict_json.h"

namespace ekya::strict_json {

Result<Json> parse(std::string_view text, std::size_t largest, int deepest) {
  if (text.size() > largest)
    return Error{ErrorCode::kInvalidArgument,
                 "the text has " + std::to_string(text.size()) + " bytes, more than " + std::to_string(largest)};
  Trouble trouble;
  try {
    Json json = Json::parse(text.begin(), text.end(), Strict(trouble, deepest));
    if (trouble.any()) return trouble.error();
    return json;
  } catch (const std::exception& e) {
    return Error{ErrorCode::kInvalidArgument, "not JSON: " + printable(e.what(), 200)};
  }
}

std::string text_of(const Ordered& json) { return json.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n"; }

}  // namespace ekya::strict_json
