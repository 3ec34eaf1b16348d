// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "ekya/base/strict_json.h"
#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// The parts that several file formats share; `place` names them in messages.
InferenceConfig read_inference(const strict_json::Json& json, const std::string& place, strict_json::Trouble& trouble);
RetrainingConfig read_retraining(const strict_json::Json& json, const std::string& place,
                                 strict_json::Trouble& trouble);
Device read_device(const strict_json::Json& json, const std::string& place, strict_json::Trouble& trouble);
Cloud read_cloud(const strict_json::Json& json, const std::string& place, strict_json::Trouble& trouble);

/// Every field, but for the infinite and the empty ones of a device.
strict_json::Ordered write(const InferenceConfig& config);
strict_json::Ordered write(const RetrainingConfig& config);
strict_json::Ordered write(const Device& device);
strict_json::Ordered write(const Cloud& cloud);

}  // namespace ekya::scheduler
