// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "camera.h"
#include "ekya/base/result.h"

namespace ekya::demo {

struct RunSpec {
  std::string policy;
  std::vector<CameraSpec> cameras;
  Models models;
  std::string output;  ///< Folder for the trace, the pictures and the state; made here.
  double window_s = 12;
  int windows = 5;
};

/// Plays one run live, prints a line a window and camera, writes `trace.jsonl`. Gives the run's part of report.json.
/// Errors: the pipeline's own error message.
Result<nlohmann::json> play(const RunSpec& spec);

}  // namespace ekya::demo
