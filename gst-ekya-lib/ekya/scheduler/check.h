// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "ekya/base/result.h"
#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Shares are compared with this tolerance, in devices: sums of them are rounded.
inline constexpr double kShareTolerance = 1e-9;

/// A number as a message shows it: up to six significant digits.
std::string in_words(double value);

/// A number that has no business being anywhere else. `place` names it in the message.
/// Errors: kInvalidArgument, e.g. `streams[0].accuracy: 1.2 is not in [0, 1]`. NaN and infinity are refused.
Status check_fraction(std::string_view place, double value);
Status check_not_negative(std::string_view place, double value);
Status check_positive(std::string_view place, double value);

/// A config's id: 1 to 128 printable ASCII characters.
Status check_config_id(std::string_view place, std::string_view id);

/// The configs of one stream: numbers in range, ids well formed and not twice, a `running` that is among them.
Status check_configs(const std::string& place, const std::vector<InferenceConfig>& configs);
Status check_configs(const std::string& place, const std::vector<RetrainingConfig>& configs);
Status check_running(const std::string& place, const std::vector<RetrainingConfig>& configs, std::string_view running);

}  // namespace ekya::scheduler
