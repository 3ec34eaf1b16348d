// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>

#include "ekya/base/result.h"

namespace ekya {

/// Checks a stream id or another name that may become part of a file name: 1 to 64 of [A-Za-z0-9_-].
/// Errors: kInvalidArgument, with the offending character or length in the message, made safe to print.
Status check_name(std::string_view what, std::string_view name);

}  // namespace ekya
