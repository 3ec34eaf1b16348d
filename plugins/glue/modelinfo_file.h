// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/model.h"

namespace ekya::gst {

/// What `<model>.modelinfo` says of a TorchScript file: a GKeyFile with the groups [modelinfo], as upstream GStreamer
/// writes it, and [ekya] (docs/models.md).
struct ModelInfoFile {
  bool is_detector = false;
  int input_size = 0;               ///< 8 to 1024.
  std::vector<std::string> labels;  ///< Empty where the file has none.
  device::Normalisation normalisation;
  bool boxes_are_centre_size = false;
  bool boxes_are_normalised = false;
  bool has_objectness = false;
  double threshold = 0.4;
  double iou_threshold = 0.5;
};

/// Reads and checks the .modelinfo beside a model, and the labels file that it names.
/// Errors: kNotFound, kInvalidArgument; the message names the file and the key or line.
Result<ModelInfoFile> read_modelinfo(const std::string& model_path);

/// Writes the .modelinfo beside a model, its labels inside; read_modelinfo() gives the same back.
/// Errors: kInvalidArgument for what the reader would refuse, naming the key, and nothing is written; kIo.
Status write_modelinfo(const std::string& model_path, const ModelInfoFile& info);

}  // namespace ekya::gst
