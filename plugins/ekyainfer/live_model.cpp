// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyainfer/live_model.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "ekya/base/printable.h"
#include "ekya/learner/weights_file.h"

namespace ekya::gst::infer {
namespace {

std::string name_of(const std::string& model_file) {
  return printable(std::filesystem::path(model_file).stem().string(), 64);
}

Status run_once(const LiveModel& model, const std::vector<float>& input) {
  if (model.classifier) {
    if (auto done = model.classifier->classify(input, 1); !done) return done.error();
  } else if (auto done = model.detector->detect(input, 1); !done) {
    return done.error();
  }
  return {};
}

/// The first run pays for memory and kernels, the second one is timed.
Status warm_up(LiveModel& model) {
  const std::vector<float> input(std::size_t{3} * model.input_size() * model.input_size());
  if (Status done = run_once(model, input); !done) return done;
  const Seconds begin = steady_now();
  if (Status done = run_once(model, input); !done) return done;
  model.run_time = steady_now() - begin;
  return {};
}

/// Warms up and wraps; `begin` is when loading began.
Result<LiveModelPtr> finish(LiveModel model, const std::string& what, Seconds begin) {
  if (Status warm = warm_up(model); !warm)
    return Error{warm.error().code, what + ": it does not run: " + warm.error().message};
  model.load_time = steady_now() - begin;
  return std::make_shared<const LiveModel>(std::move(model));
}

bool begins_with(const std::vector<std::string>& labels, const std::vector<std::string>& first) {
  return labels.size() >= first.size() && std::equal(first.begin(), first.end(), labels.begin());
}

Status check_compatible(const learner::ModelInfo& found, const learner::ModelInfo& live) {
  const auto wrong = [](const std::string& text) { return Error{ErrorCode::kInvalidArgument, text}; };
  if (found.generation <= live.generation)
    return wrong("it is generation " + std::to_string(found.generation) + ", not newer than the running " +
                 std::to_string(live.generation));
  if (found.architecture != live.architecture)
    return wrong("its architecture is " + printable(found.architecture) + "; the running model's is " +
                 printable(live.architecture));
  if (!begins_with(found.labels, live.labels))
    return wrong("its " + std::to_string(found.labels.size()) + " labels do not begin with the " +
                 std::to_string(live.labels.size()) + " of the running model");
  return {};
}

}  // namespace

Result<LiveModelPtr> load_model(Task task, const ModelRequest& request) {
  const Seconds begin = steady_now();
  LiveModel model;
  model.name = name_of(request.model_file);
  if (task == Task::kDetect) {
    auto detector = open_detector(request);
    if (!detector) return detector.error();
    model.detector = *std::move(detector);
  } else {
    auto classifier = open_classifier(request);
    if (!classifier) return classifier.error();
    model.classifier = *std::move(classifier);
    model.generation = model.classifier->info().generation;
    model.accuracy = model.classifier->info().accuracy;
  }
  return finish(std::move(model), "model-file " + printable(request.model_file, 1024), begin);
}

Result<LiveModelPtr> load_checkpoint(const ModelRequest& request, const LiveModel& live, const std::string& path) {
  const Seconds begin = steady_now();
  const std::string what = "checkpoint " + printable(path, 1024);
  const auto named = [&](const Error& error) { return Error{error.code, what + ": " + error.message}; };
  if (!live.classifier) return named({ErrorCode::kInvalidArgument, "a detector takes no checkpoint"});
  const auto weights = learner::read_weights(path, /*require_hash=*/true);
  if (!weights) return named(weights.error());
  const auto info = learner::model_info(*weights);
  if (!info) return named(info.error());
  if (Status fits = check_compatible(*info, live.classifier->info()); !fits) return named(fits.error());
  auto classifier = open_classifier(request, &*weights);
  if (!classifier) return named(classifier.error());
  LiveModel model;
  model.name = live.name;
  model.classifier = *std::move(classifier);
  model.generation = info->generation;
  model.accuracy = info->accuracy;
  return finish(std::move(model), what, begin);
}

}  // namespace ekya::gst::infer
