// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

/// Errors: kInvalidArgument naming the field; the lists and texts have upper limits.
Status check(const ShareRequest& request);

/// What the client would use if it could have all: inference its dearest config, labelling its demand, in devices.
double full_demand(const ShareRequest& request);

/// The config of an inference client that fits into its share, or "".
std::string fitting_config(const ShareRequest& request, double share);

/// Whether it has a config of that id.
bool offers(const ShareRequest& request, const std::string& id);

}  // namespace ekya::scheduler
