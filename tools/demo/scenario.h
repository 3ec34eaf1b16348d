// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "camera.h"

namespace ekya::demo {

/// The cameras of a scenario: `street` (drawn), `conveyor` (a data set whose light and class mix drift abruptly) or
/// `signs` (a data set in windows, shown one after another). `sprites`: the data set; the street has none.
/// The models that suit it come from ekya-make-models over the same kind of data set. Empty for an unknown name.
std::vector<CameraSpec> scenario(const std::string& name, const std::string& sprites);

}  // namespace ekya::demo
