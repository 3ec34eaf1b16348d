// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/model.h"

namespace ekya::gst {

/// What the model properties of an element say.
struct ModelRequest {
  std::string model_file;   ///< .safetensors of ours, or TorchScript (.pt, .ts, .torchscript).
  std::string labels_file;  ///< One label a line; needed only where neither the model nor its .modelinfo has labels.
  bool allow_torchscript = false;
  std::stop_token stop;  ///< Ends the check of a TorchScript early, with kCancelled.
};

/// Opens a classifier: our safetensors by themselves, TorchScript with `<model>.modelinfo` (docs/models.md), opt-in and
/// checked in a helper process first. Slow (seconds): not for a streaming thread. Thread-safe.
/// `checkpoint` (may be null): retrained weights to apply; for safetensors they replace the model as a whole.
/// Errors: in words that name property, file and reason.
Result<std::shared_ptr<const learner::Classifier>> open_classifier(const ModelRequest& request,
                                                                   const learner::WeightsFile* checkpoint = nullptr);

/// The same for a detector; it takes no checkpoint yet.
Result<std::shared_ptr<const learner::Detector>> open_detector(const ModelRequest& request);

/// What the model is for, as its metadata or its .modelinfo says: "classification" or "detection".
Result<std::string> model_task(const ModelRequest& request);

/// Labels, one a line; # comments and blank lines are skipped. At most 4096, unique, valid UTF-8, no control
/// characters. Errors name the line.
Result<std::vector<std::string>> read_labels(const std::string& path);

}  // namespace ekya::gst
