// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <optional>

#include "ekya/base/result.h"
#include "ekya/scheduler/controller.h"

namespace ekya::gst {

/// Reads a structure `ekya-share-request` (docs/protocol.md). It may come from anybody, so every field that is read is
/// checked: type, range, length, number of configs. Fields that the protocol does not know are ignored.
/// Errors: kInvalidArgument; the message names the field and what was found.
Result<scheduler::ShareRequest> parse_request(const GstStructure* request);

/// What an application's answer to a request says.
struct Answer {
  std::optional<double> share;  ///< The share that it pins, in devices, >= 0; empty: it agrees with the scheduler.
};

/// Errors: kInvalidArgument; another name than `ekya-share-grant`, a `share` that is not a double >= 0.
Result<Answer> parse_answer(const GstStructure* answer);

/// Checks a structure `ekya-checkpoint`. Errors: kInvalidArgument naming the field.
Status check_checkpoint(const GstStructure* checkpoint);

/// Checks stream and tier of a structure `ekya-drift`. Errors: kInvalidArgument naming the field.
Status check_drift(const GstStructure* drift);

}  // namespace ekya::gst
