// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/modelinfo_command.h"

#include "ekya/learner/model.h"
#include "glue/labels_file.h"
#include "glue/model_file.h"

namespace ekya::tools {

ModelInfoCommand::ModelInfoCommand(CLI::App& app, Status& result) {
  CLI::App* command = app.add_subcommand("modelinfo", "Run a TorchScript file once and write its .modelinfo");
  command->add_option("FILE", path_, "Trusted: it is a program")->required();
  command->add_option("--task", task_)->check(CLI::IsMember({"classification", "detection"}))->capture_default_str();
  command->add_option("--input-size", info_.input_size, "Side in pixels")->required()->check(CLI::Range(8, 1024));
  auto* labels = command->add_option("--labels", info_.labels, "Comma-separated class names")->delimiter(',');
  command->add_option("--labels-file", labels_file_, "One class name a line")->excludes(labels);
  command->add_option("--mean", info_.normalisation.mean, "Of R, G, B, 0 to 1")->delimiter(',');
  command->add_option("--std", info_.normalisation.std, "Of R, G, B, above 0")->delimiter(',');
  add_detector_options(*command);
  command->callback([this, &result] { result = run(); });
}

void ModelInfoCommand::add_detector_options(CLI::App& command) {
  command.add_option("--boxes", boxes_)->check(CLI::IsMember({"xyxy", "cxcywh"}))->capture_default_str();
  command.add_option("--boxes-unit", boxes_unit_)->check(CLI::IsMember({"pixels", "fraction"}))->capture_default_str();
  command.add_flag("--objectness", info_.has_objectness, "Column 4 holds one");
  command.add_option("--threshold", info_.threshold)->check(CLI::Range(0.0, 1.0))->capture_default_str();
  command.add_option("--iou-threshold", info_.iou_threshold)->check(CLI::Range(0.0, 1.0))->capture_default_str();
}

Status ModelInfoCommand::run() {
  info_.is_detector = task_ == "detection";
  info_.boxes_are_centre_size = boxes_ == "cxcywh";
  info_.boxes_are_normalised = boxes_unit_ == "fraction";
  if (!labels_file_.empty()) {
    const auto labels = gst::read_labels(labels_file_);
    if (!labels) return labels.error();
    info_.labels = *labels;
  }
  if (info_.labels.empty()) return Error{ErrorCode::kInvalidArgument, "--labels or --labels-file is needed"};
  const int columns = info_.is_detector ? (info_.has_objectness ? 5 : 4) : 0;
  const int outputs = static_cast<int>(info_.labels.size()) + columns;
  if (Status runs = learner::check_torchscript(path_, info_.input_size, outputs); !runs) return runs;
  return gst::write_modelinfo(path_, info_);
}

}  // namespace ekya::tools
