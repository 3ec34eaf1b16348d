// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/scheduler/clients.h"

namespace ekya::scheduler {

/// Whether a figure differs by more than 10 % of the one that it was planned with.
bool is_off(double planned, double now);

/// Whether the client's request differs from what the plan in force was made with by so much that it is worth another:
/// a figure is_off(), a config came or went, or another job runs than was granted. The work of a running job is
/// compared with what its grants should have left of it, in parts of the work planned. False before the client's first
/// plan, which is due then anyway.
bool is_news(const Client& client);

}  // namespace ekya::scheduler
