// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "glue/modelinfo_file.h"

namespace ekya::tools {

/// `ekya-models modelinfo FILE`: runs a TorchScript file once, as the elements would, then writes the .modelinfo that
/// they read. Must live as long as `app`; what comes of it goes into `result`.
class ModelInfoCommand {
 public:
  ModelInfoCommand(CLI::App& app, Status& result);
  ModelInfoCommand(const ModelInfoCommand&) = delete;
  ModelInfoCommand& operator=(const ModelInfoCommand&) = delete;

 private:
  void add_detector_options(CLI::App& command);
  Status run();

  std::string path_, labels_file_, task_ = "classification", boxes_ = "xyxy", boxes_unit_ = "pixels";
  gst::ModelInfoFile info_;
};

}  // namespace ekya::tools
