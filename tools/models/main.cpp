// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-models: lists architectures, makes fresh weights, shows and checks weights files.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "ekya/base/file_ops.h"
#include "ekya/learner/model.h"

namespace {

using ekya::learner::ModelInfo;

int fail(const ekya::Error& error) {
  std::fprintf(stderr, "ekya-models: %s\n", error.message.c_str());
  return 1;
}

int list() {
  const auto engine = ekya::learner::engine();
  if (!engine) return fail(engine.error());
  for (const std::string& name : (*engine)->architectures()) std::printf("%s\n", name.c_str());
  return 0;
}

int init(const ModelInfo& info, std::uint64_t seed, const std::string& output) {
  const auto engine = ekya::learner::engine();
  if (!engine) return fail(engine.error());
  const auto file = (*engine)->initialise(info, seed);
  if (!file) return fail(file.error());
  const auto written = ekya::replace_file(ekya::FileOps::system(), output, ekya::learner::serialize(*file));
  return written ? 0 : fail(written.error());
}

std::size_t parameters(const ekya::learner::WeightsFile& file) {
  std::size_t sum = 0;
  for (const auto& [name, tensor] : file.tensors) sum += tensor.data.size() / ekya::learner::size_of(tensor.dtype);
  return sum;
}

int info(const std::string& path) {
  const auto file = ekya::learner::read_weights(path, /*require_hash=*/true);
  if (!file) return fail(file.error());
  for (const auto& [key, value] : file->metadata) std::printf("%-18s %s\n", key.c_str(), value.c_str());
  std::printf("%-18s %zu tensors, %zu values\n", "contents", file->tensors.size(), parameters(*file));
  const auto engine = ekya::learner::engine();
  if (!engine) return fail(engine.error());
  const auto classifier = (*engine)->build_classifier(*file);
  if (!classifier) return fail(classifier.error());
  std::printf("%-18s yes\n", "builds");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Makes and checks model files of Ekya for GStreamer"};
  app.require_subcommand(1);

  app.add_subcommand("list", "List the architectures")->callback([] { std::exit(list()); });

  std::string path;
  CLI::App* show = app.add_subcommand("info", "Show a weights file and check that it builds");
  show->add_option("FILE", path)->required();
  show->callback([&] { std::exit(info(path)); });

  ModelInfo model;
  model.architecture = "shufflenet_v2_x0_5";
  model.input_size = 64;
  model.origin = "ekya-models init";
  std::uint64_t seed = 1;
  CLI::App* fresh = app.add_subcommand("init", "Write fresh random weights");
  fresh->add_option("--architecture", model.architecture, "See `ekya-models list`")->capture_default_str();
  fresh->add_option("--labels", model.labels, "Comma-separated class names")->required()->delimiter(',');
  fresh->add_option("--input-size", model.input_size)->check(CLI::Range(8, 1024))->capture_default_str();
  fresh->add_option("--width", model.width, "Multiplier of the channel counts")->capture_default_str();
  fresh->add_option("--seed", seed)->capture_default_str();
  fresh->add_option("-o,--output", path)->required();
  fresh->callback([&] { std::exit(init(model, seed, path)); });

  CLI11_PARSE(app, argc, argv);
  return 0;
}
