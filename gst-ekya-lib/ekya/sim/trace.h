// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/scheduler/controller.h"

namespace ekya::sim {

struct TracedRequest {
  scheduler::ShareRequest request;
};
struct TracedLeave {
  scheduler::ClientKey key;
};
struct TracedGrant {
  scheduler::ShareGrant grant;
};
/// Of the plan itself only the policy is kept.
struct TracedPlan {
  std::string policy;
  std::optional<scheduler::Problem> problem;
};

/// One line of a trace.
struct TraceEntry {
  double at_s = 0;  ///< On the clock of the machine that wrote it.
  std::variant<TracedRequest, TracedLeave, TracedGrant, TracedPlan, scheduler::WindowOpened, scheduler::WindowClosed>
      what;
};

/// Reads the lines that scheduler/trace_line.h writes, as strictly as a problem is read; empty lines are skipped.
/// Errors: kInvalidArgument with the line's number, e.g. `line 12: configs[0].work_s: is missing`.
Result<std::vector<TraceEntry>> trace_from_json_lines(std::string_view text);

}  // namespace ekya::sim
