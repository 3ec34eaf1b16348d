// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "camera.h"

namespace ekya::demo {

struct Scenario {
  std::vector<CameraSpec> cameras;
  int windows = 5;  ///< Of 12 s each, that a run takes to show the drift and what follows.
};

/// `street` (drawn), `conveyor` (a data set whose light and class mix drift abruptly) or `signs` (a data set in
/// windows, shown one after another). `sprites`: the data set; the street has none. The models that suit it come from
/// ekya-make-models over the same kind of data set. Without cameras for an unknown name.
Scenario scenario(const std::string& name, const std::string& sprites);

}  // namespace ekya::demo
