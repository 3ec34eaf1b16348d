// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "scheduler_loop.h"

namespace ekya::gst {

/// The scheduler's events as the structures that signals and bus messages carry (docs/protocol.md). Transfer full.
GstStructure* to_structure(const scheduler::ShareGrant& grant);
GstStructure* to_structure(const ToldPlan& told);
GstStructure* to_structure(const scheduler::WindowOpened& window);
GstStructure* to_structure(const scheduler::WindowClosed& window);

}  // namespace ekya::gst
