// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

/// What happened as one line of JSON (docs/protocol.md, Trace), without the line's end. Live and simulated traces are
/// both written here. `at` is in seconds of the clock that the controller was stepped with.
std::string trace_line(const WindowOpened& window);
std::string trace_line(const WindowClosed& window);
/// `problem` is what the plan answers, or null.
std::string trace_line(const PlanMade& made, const Problem* problem);
std::string trace_line(const ShareGrant& grant, Seconds at);
std::string trace_line(const ShareRequest& request, Seconds at);
/// The client left.
std::string trace_line(const ClientKey& key, Seconds at);

}  // namespace ekya::scheduler
