// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/ekya/ekya.h>

namespace ekya::gst {

/// Notes that `source` asked for the share which `grant` gives: the client leaves the scheduler when `source` dies.
/// For elements that speak the protocol by messages alone. Thread-safe.
void leave_with(GObject* source, GstEkyaScheduler* scheduler, const GstStructure* grant);

}  // namespace ekya::gst
