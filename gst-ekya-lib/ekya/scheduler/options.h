// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ekya/scheduler/controller.h"

namespace ekya::scheduler {

/// Errors: kNotFound for an unknown policy; kInvalidArgument naming the option.
Status check(const ControllerOptions& options);

}  // namespace ekya::scheduler
