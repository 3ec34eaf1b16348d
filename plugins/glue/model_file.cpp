// SPDX-License-Identifier: LGPL-2.1-or-later
#include "glue/model_file.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "ekya/base/printable.h"
#include "ekya/learner/weights_file.h"
#include "glue/modelinfo_file.h"

namespace ekya::gst {
namespace {

enum class Kind { kSafetensors, kTorchScript };

Error wrong(ErrorCode code, const ModelRequest& request, const std::string& reason) {
  return {code, "model-file " + printable(request.model_file, 1024) + ": " + reason};
}

Error named(const ModelRequest& request, const Error& error) { return wrong(error.code, request, error.message); }

/// Where a path that the user named leads: it may be a link, as those in a download cache are.
std::string followed(const std::string& path) {
  std::error_code failed;
  const auto target = std::filesystem::canonical(path, failed);
  return failed ? path : target.string();
}

Result<Kind> kind_of(const ModelRequest& request) {
  if (request.model_file.empty())
    return Error{ErrorCode::kInvalidArgument, "the property model-file is not set; set it to a .safetensors model"};
  std::string extension = std::filesystem::path(request.model_file).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".safetensors") return Kind::kSafetensors;
  if (extension != ".pt" && extension != ".ts" && extension != ".torchscript")
    return wrong(ErrorCode::kInvalidArgument, request,
                 "its name ends in none of .safetensors, .pt, .ts and .torchscript");
  if (request.allow_torchscript) return Kind::kTorchScript;
  return wrong(ErrorCode::kInvalidArgument, request,
               "TorchScript is a program that can do anything you can; if you trust the file set "
               "allow-torchscript=true, else use a .safetensors model");
}

/// The labels that hold when a model has `own` ones (maybe none) and the property labels-file may name a file.
Result<std::vector<std::string>> choose_labels(const ModelRequest& request, const std::vector<std::string>& own) {
  if (request.labels_file.empty()) {
    if (own.empty())
      return wrong(ErrorCode::kInvalidArgument, request,
                   "neither its .modelinfo nor the property labels-file gives labels; set labels-file");
    return own;
  }
  const auto labels = read_labels(followed(request.labels_file));
  if (!labels) return Error{labels.error().code, "labels-file: " + labels.error().message};
  if (!own.empty() && *labels != own)
    return Error{ErrorCode::kInvalidArgument, "labels-file " + printable(request.labels_file, 1024) +
                                                  " differs from the " + std::to_string(own.size()) +
                                                  " labels that model-file " + printable(request.model_file, 1024) +
                                                  " has itself; leave labels-file unset"};
  return *labels;
}

/// Weights of ours. Errors also where they are for another task.
Result<learner::WeightsFile> read_safetensors(const ModelRequest& request, learner::ModelTask task) {
  auto file = learner::read_weights(followed(request.model_file), /*require_hash=*/true);
  if (!file) return named(request, file.error());
  const auto info = learner::model_info(*file);
  if (!info) return named(request, info.error());
  if (info->task != task)
    return wrong(ErrorCode::kInvalidArgument, request,
                 info->task == learner::ModelTask::kDetection ? "it is a detector; set task=detect"
                                                              : "it is a classifier; set task=classify");
  if (const auto labels = choose_labels(request, info->labels); !labels) return labels.error();
  return file;
}

Result<std::shared_ptr<const learner::Classifier>> open_safetensors(const ModelRequest& request,
                                                                    const learner::Engine& engine,
                                                                    const learner::WeightsFile* checkpoint) {
  if (checkpoint) return engine.build_classifier(*checkpoint);
  const auto file = read_safetensors(request, learner::ModelTask::kClassification);
  if (!file) return file.error();
  auto model = engine.build_classifier(*file);
  if (!model) return named(request, model.error());
  return model;
}

/// What the .modelinfo says, with the labels that hold. Errors also where the task is another one.
Result<ModelInfoFile> torchscript_info(const ModelRequest& request, bool is_detector) {
  auto info = read_modelinfo(request.model_file);
  if (!info) return named(request, info.error());
  if (info->is_detector != is_detector)
    return wrong(ErrorCode::kInvalidArgument, request,
                 std::string("its .modelinfo says task=") + (info->is_detector ? "detection" : "classification"));
  auto labels = choose_labels(request, info->labels);
  if (!labels) return labels.error();
  info->labels = *std::move(labels);
  return info;
}

Result<std::shared_ptr<const learner::Classifier>> open_torchscript(const ModelRequest& request,
                                                                    const learner::Engine& engine,
                                                                    const learner::WeightsFile* checkpoint) {
  const auto file = torchscript_info(request, false);
  if (!file) return file.error();
  learner::ModelInfo info;
  info.architecture = "torchscript";
  info.labels = file->labels;
  info.input_size = file->input_size;
  info.normalisation = file->normalisation;
  if (checkpoint) {
    const auto retrained = learner::model_info(*checkpoint);
    if (!retrained) return retrained.error();
    info.generation = retrained->generation;
    info.accuracy = retrained->accuracy;
  }
  const int outputs = static_cast<int>(info.labels.size());
  if (Status safe = learner::check_torchscript(request.model_file, info.input_size, outputs, request.stop); !safe)
    return named(request, safe.error());
  auto model = engine.load_torchscript(request.model_file, info, checkpoint);
  if (!model) return named(request, model.error());
  return model;
}

Result<std::shared_ptr<const learner::Detector>> open_safetensors_detector(const ModelRequest& request,
                                                                           const learner::Engine& engine) {
  const auto file = read_safetensors(request, learner::ModelTask::kDetection);
  if (!file) return file.error();
  auto model = engine.build_detector(*file);
  if (!model) return named(request, model.error());
  return model;
}

}  // namespace

Result<std::shared_ptr<const learner::Classifier>> open_classifier(const ModelRequest& request,
                                                                   const learner::WeightsFile* checkpoint) {
  const auto kind = kind_of(request);
  if (!kind) return kind.error();
  const auto engine = learner::engine();
  if (!engine) return engine.error();
  if (*kind == Kind::kSafetensors) return open_safetensors(request, **engine, checkpoint);
  return open_torchscript(request, **engine, checkpoint);
}

Result<std::shared_ptr<const learner::Detector>> open_detector(const ModelRequest& request) {
  const auto kind = kind_of(request);
  if (!kind) return kind.error();
  const auto engine = learner::engine();
  if (!engine) return engine.error();
  if (*kind == Kind::kSafetensors) return open_safetensors_detector(request, **engine);
  const auto file = torchscript_info(request, true);
  if (!file) return file.error();
  learner::DetectorInfo info;
  info.labels = file->labels;
  info.input_size = file->input_size;
  info.normalisation = file->normalisation;
  info.has_objectness = file->has_objectness;
  info.boxes_are_centre_size = file->boxes_are_centre_size;
  info.boxes_are_normalised = file->boxes_are_normalised;
  info.threshold = static_cast<float>(file->threshold);
  info.iou_threshold = static_cast<float>(file->iou_threshold);
  const int columns = static_cast<int>(info.labels.size()) + (info.has_objectness ? 5 : 4);
  if (Status safe = learner::check_torchscript(request.model_file, info.input_size, columns, request.stop); !safe)
    return named(request, safe.error());
  auto model = (*engine)->load_torchscript_detector(request.model_file, info);
  if (!model) return named(request, model.error());
  return model;
}

Result<std::string> model_task(const ModelRequest& request) {
  const auto kind = kind_of(request);
  if (!kind) return kind.error();
  if (*kind == Kind::kSafetensors) {
    const auto file = learner::read_weights(followed(request.model_file), /*require_hash=*/true);
    if (!file) return named(request, file.error());
    const auto model = learner::model_info(*file);
    if (!model) return named(request, model.error());
    return std::string(model->task == learner::ModelTask::kDetection ? "detection" : "classification");
  }
  const auto info = read_modelinfo(request.model_file);
  if (!info) return named(request, info.error());
  return std::string(info->is_detector ? "detection" : "classification");
}

}  // namespace ekya::gst
