// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Devices as a user writes them: `ID[=CAPACITY][/MEMORY_MB]`, separated by commas, e.g. `cuda:0=1/16000,cuda:1`. The
/// capacity is 1 and the memory without limit where they are left out. An id has no comma, `=` or `/`.
/// Errors: kInvalidArgument with the entry. Ranges and doubled ids are left to validate().
Result<std::vector<Device>> parse_devices(std::string_view text);
std::string device_list(const std::vector<Device>& devices);

/// A throughput curve as a user writes it: `SHARE:SPEED`, separated by commas, e.g. `0.1:0.36,0.5:0.83,1:1`; empty: the
/// speed is the share. Errors: kInvalidArgument with the entry. Ranges are left to validate().
Result<std::vector<CurvePoint>> parse_curve(std::string_view text);
std::string curve_list(const std::vector<CurvePoint>& curve);

}  // namespace ekya::scheduler
