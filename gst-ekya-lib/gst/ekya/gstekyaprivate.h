// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>

#include "gstekyascheduler.h"
#include "scheduler_loop.h"

/// Quark name of the qdata on the promises that GstEkyaClient posts. `ekyascheduler` leaves those to applications: the
/// client asks the shared scheduler itself when the message has come back.
#define GST_EKYA_CLIENT_PROMISE "gst-ekya-client-promise"

namespace ekya::gst {

/// The machinery behind the shared object, for GstEkyaClient.
const std::shared_ptr<SchedulerLoop>& loop_of(GstEkyaScheduler* scheduler);

/// The C enum and the core's are the same list.
scheduler::ClientKind kind_of(GstEkyaClientKind kind);

}  // namespace ekya::gst
