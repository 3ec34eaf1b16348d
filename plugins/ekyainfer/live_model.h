// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/base/result.h"
#include "ekya/learner/model.h"
#include "glue/model_file.h"

namespace ekya::gst::infer {

enum class Task { kClassify, kDetect };

/// A model that has run once and can be used at once. Immutable, so that the loading thread may publish it while the
/// streaming thread uses the one before it.
struct LiveModel {
  std::shared_ptr<const learner::Classifier> classifier;  ///< Of Task::kClassify.
  std::shared_ptr<const learner::Detector> detector;      ///< Of Task::kDetect.
  std::string name;                                       ///< For results: the file's name without folder and ending.
  std::uint64_t generation = 0;
  double accuracy = -1;  ///< In [0, 1]; -1: unknown.
  Seconds load_time{0};  ///< Reading, building and the first run.
  Seconds run_time{0};   ///< Of one input, measured once warm.

  const std::vector<std::string>& labels() const {
    return classifier ? classifier->info().labels : detector->info().labels;
  }
  int input_size() const { return classifier ? classifier->info().input_size : detector->info().input_size; }
  const device::Normalisation& normalisation() const {
    return classifier ? classifier->info().normalisation : detector->info().normalisation;
  }
};

using LiveModelPtr = std::shared_ptr<const LiveModel>;

/// Opens the model file and runs it twice. Slow. Errors: of open_classifier() and open_detector(), or of the run.
Result<LiveModelPtr> load_model(Task task, const ModelRequest& request);

/// Opens retrained weights for the model `live` of the same request and runs them twice. Slow.
/// Errors: also where the file is not newer than `live`, has another architecture, or has labels that do not begin with
/// those of `live` (results of one stream must keep their meaning); a detector takes no checkpoint.
Result<LiveModelPtr> load_checkpoint(const ModelRequest& request, const LiveModel& live, const std::string& path);

}  // namespace ekya::gst::infer
