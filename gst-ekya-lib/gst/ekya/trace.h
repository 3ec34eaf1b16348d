// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "scheduler_loop.h"

namespace ekya::gst {

/// What happened as one line of JSON (docs/protocol.md, Trace), without the line's end.
std::string to_json(const Delivery& delivery);

}  // namespace ekya::gst
