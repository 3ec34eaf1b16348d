// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

/// Orders from outside, by stream and kind.
using Orders = std::map<std::pair<std::string, ClientKind>, Steering>;

/// The streams and kinds that have clients.
using Present = std::set<std::pair<std::string, ClientKind>>;

inline constexpr ClientKind kKinds[] = {ClientKind::kInference, ClientKind::kLabelling, ClientKind::kRetraining};

/// Errors: kInvalidArgument, naming pin or cap, for a share outside [0, the largest device's capacity], a pin above its
/// cap, or pins that sum to more than all devices' capacity.
Status check(const Steering& steering, const std::vector<Device>& devices);
Status check_pins(const Orders& orders, const std::vector<Device>& devices);

/// The order for a stream's kind, or null.
const Steering* order_for(const Orders& orders, const std::string& stream, ClientKind kind);

/// Streams that some order excludes.
std::set<std::string> excluded_streams(const Orders& orders);

}  // namespace ekya::scheduler
