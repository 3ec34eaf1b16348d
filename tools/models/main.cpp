// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-models: lists architectures, makes fresh weights, shows, checks and imports weights files, describes TorchScript
// files; see docs/models.md.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "ekya/base/file_ops.h"
#include "ekya/base/printable.h"
#include "ekya/learner/model.h"
#include "models/modelinfo_command.h"

namespace {

using ekya::Result;
using ekya::Status;
using ekya::learner::ModelInfo;
using ekya::learner::WeightsFile;

Status list() {
  const auto engine = ekya::learner::engine();
  if (!engine) return engine.error();
  std::printf("%-20s %-15s %40s\n", "architecture", "task", "parameters (1000 classes; of detectors 80)");
  for (const auto& found : (*engine)->architectures())
    std::printf("%-20s %-15s %40lld\n", found.name.c_str(), found.is_detector ? "detection" : "classification",
                static_cast<long long>(found.parameters));
  return {};
}

Status write(const WeightsFile& file, const std::string& path) {
  return ekya::replace_file(ekya::FileOps::system(), path, ekya::learner::serialize(file));
}

Status init(const ModelInfo& info, std::uint64_t seed, const std::string& output) {
  const auto engine = ekya::learner::engine();
  if (!engine) return engine.error();
  const auto file = (*engine)->initialise(info, seed);
  return file ? write(*file, output) : Status(file.error());
}

/// Whether the engine makes a classifier, or a detector where it says that it is one, of it.
Status check(const WeightsFile& file) {
  const auto engine = ekya::learner::engine();
  if (!engine) return engine.error();
  const auto info = ekya::learner::model_info(file);
  if (!info) return info.error();
  if (info->task == ekya::learner::ModelTask::kDetection) {
    const auto detector = (*engine)->build_detector(file);
    return detector ? Status() : Status(detector.error());
  }
  const auto classifier = (*engine)->build_classifier(file);
  return classifier ? Status() : Status(classifier.error());
}

Result<WeightsFile> read_foreign(const std::string& path) {
  return ekya::learner::read_weights(path, /*require_hash=*/false);
}

std::size_t count_values(const WeightsFile& file) {
  std::size_t sum = 0;
  for (const auto& [name, tensor] : file.tensors) sum += tensor.data.size() / ekya::learner::size_of(tensor.dtype);
  return sum;
}

Status show(const std::string& path) {
  const auto file = read_foreign(path);
  if (!file) return file.error();
  for (const auto& [key, value] : file->metadata)
    std::printf("%-18s %s\n", ekya::printable(key).c_str(), ekya::printable(value, 2000).c_str());
  std::printf("%-18s %zu, %zu values\n", "tensors", file->tensors.size(), count_values(*file));
  if (Status good = check(*file); !good) return good;
  std::printf("%-18s %s\n", "model", "complete");
  if (!file->metadata.count("ekya.sha256"))
    std::printf("%-18s %s\n", "hash", "none: `ekya-models import` writes a copy with one");
  return {};
}

Status import(const std::string& path, const std::string& output) {
  const auto file = read_foreign(path);
  if (!file) return file.error();
  if (Status good = check(*file); !good) return good;
  return write(*file, output);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Makes and checks model files of Ekya for GStreamer"};
  app.require_subcommand(1);
  Status result;
  std::string path, output;

  app.add_subcommand("list", "List the built-in architectures with their size")->callback([&] { result = list(); });

  CLI::App* info = app.add_subcommand("info", "Show a weights file and check it");
  info->add_option("FILE", path)->required();
  info->callback([&] { result = show(path); });

  CLI::App* imported = app.add_subcommand("import", "Check a file of another origin and write it with a hash");
  imported->add_option("FILE", path)->required();
  imported->add_option("-o,--output", output)->required();
  imported->callback([&] { result = import(path, output); });

  ModelInfo model;
  model.architecture = "shufflenet_v2_x0_5";
  model.input_size = 64;
  model.normalisation = {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};  // torchvision's.
  model.origin = "ekya-models init";
  std::uint64_t seed = 1;
  CLI::App* fresh = app.add_subcommand("init", "Write fresh random weights");
  fresh->add_option("--architecture", model.architecture, "See `ekya-models list`")->capture_default_str();
  fresh->add_option("--labels", model.labels, "Comma-separated class names")->required()->delimiter(',');
  fresh->add_option("--input-size", model.input_size, "Side in pixels")
      ->check(CLI::Range(8, 1024))
      ->capture_default_str();
  fresh->add_option("--width", model.width, "Multiplier of the channel counts")->capture_default_str();
  fresh->add_option("--mean", model.normalisation.mean, "Of R, G, B, 0 to 1")->delimiter(',')->capture_default_str();
  fresh->add_option("--std", model.normalisation.std, "Of R, G, B, above 0")->delimiter(',')->capture_default_str();
  fresh->add_option("--seed", seed)->capture_default_str();
  fresh->add_option("-o,--output", output)->required();
  fresh->callback([&] { result = init(model, seed, output); });

  ekya::tools::ModelInfoCommand modelinfo(app, result);

  CLI11_PARSE(app, argc, argv);
  if (result) return 0;
  std::fprintf(stderr, "ekya-models: %s\n", result.error().message.c_str());
  return 1;
}
