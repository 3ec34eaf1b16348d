// SPDX-License-Identifier: LGPL-2.1-or-later
// bench-learner: accuracy along recorded drift, as the learner's own loop reaches it; see docs/results/learner.md.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "drift_stream.h"
#include "ekya/base/clock.h"
#include "ekya/learner/evaluation.h"
#include "learning_loop.h"

namespace {

namespace learner = ekya::learner;
using ekya::bench::DriftStream;
using ekya::bench::LearningLoop;

template <typename T>
T take(ekya::Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench-learner: %s\n", result.error().message.c_str());
  std::exit(1);
}

struct Setting {
  std::string stream = "signs", source, architecture = "resnet18", trunk, configs;
  double width = 0.25, rate = 0.03;
  bool all_windows = false;
  int size = 32, labels = 200, epochs = 40;
  std::uint64_t seed = 1;
};

double accuracy(const learner::Classifier& model, const learner::LabelledCrops& crops) {
  const auto answers = take(learner::answer(model, crops.pixels, crops.count()));
  int right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == crops.labels[i];
  return static_cast<double>(right) / crops.count();
}

/// Takes over the tensors that fit: all but those of the head, which knows other classes.
void take_trunk(learner::WeightsFile& weights, const learner::WeightsFile& pretrained) {
  for (auto& [name, tensor] : weights.tensors)
    if (const auto found = pretrained.tensors.find(name);
        found != pretrained.tensors.end() && found->second.shape == tensor.shape)
      tensor = found->second;
}

std::shared_ptr<const learner::Classifier> make_student(const learner::Engine& engine, const DriftStream& stream,
                                                        const learner::LabelledCrops& data, const Setting& setting) {
  learner::ModelInfo info;
  info.architecture = setting.architecture;
  info.width = setting.width;
  info.labels = stream.labels;
  info.input_size = setting.size;
  info.normalisation = {{0.498F, 0.498F, 0.498F}, {0.502F, 0.502F, 0.502F}};  // As EfficientNet-Lite0 was trained.
  learner::WeightsFile weights = take(engine.initialise(info, setting.seed));
  if (!setting.trunk.empty()) take_trunk(weights, take(learner::read_weights(setting.trunk, false)));
  const auto fresh = take(engine.build_classifier(weights));
  learner::TrainOptions options;
  options.epochs = setting.epochs;
  options.learning_rate = setting.rate;
  options.seed = setting.seed;
  const auto job = take(engine.train(*fresh, data, options));
  double loss = 0;
  for (learner::StepReport step; !step.done; loss += 0.05 * (step.loss - loss)) step = take(job->step());
  std::printf("loss at the end %.3f\n", loss);
  return take(job->classifier());
}

/// One row of accuracies on the test halves of all windows.
std::vector<double> evaluate(const learner::Classifier& model, const DriftStream& stream, const std::string& note) {
  std::vector<double> row;
  double sum = 0;
  for (const DriftStream::Window& window : stream.windows) {
    row.push_back(accuracy(model, window.test));
    sum += row.back();
    std::printf("%6.3f", row.back());
  }
  std::printf("  mean %.3f  %s\n", sum / static_cast<double>(row.size()), note.c_str());
  std::fflush(stdout);
  return row;
}

learner::LabelledCrops joined(const DriftStream& stream) {
  learner::LabelledCrops all = stream.before;
  for (const DriftStream::Window& window : stream.windows) {
    all.pixels.insert(all.pixels.end(), window.train.pixels.begin(), window.train.pixels.end());
    all.labels.insert(all.labels.end(), window.train.labels.begin(), window.train.labels.end());
    all.weights.insert(all.weights.end(), window.train.weights.begin(), window.train.weights.end());
  }
  return all;
}

DriftStream load(const Setting& setting) {
  return take(setting.stream == "signs"
                  ? ekya::bench::load_signs(setting.source, setting.size, setting.labels, setting.seed)
                  : ekya::bench::load_fashion(setting.source, setting.size, setting.labels, setting.seed));
}

nlohmann::json row(const std::string& name, double value, double at_least, std::optional<double> aim) {
  nlohmann::json entry{{"name", name}, {"value", value}, {"unit", ""}, {"better", "higher"}, {"at_least", at_least}};
  entry["aim"] = aim ? nlohmann::json(*aim) : nlohmann::json();
  return entry;
}

nlohmann::json run(const Setting& setting) {
  const learner::Engine& engine = *take(learner::engine());
  engine.set_thread_count(1);
  const DriftStream stream = load(setting);
  const double begin = ekya::steady_now().count();
  const auto student = make_student(engine, stream, setting.all_windows ? joined(stream) : stream.before, setting);
  std::printf("%s: student made in %.1f s\n", setting.stream.c_str(), ekya::steady_now().count() - begin);
  evaluate(*student, stream, setting.all_windows ? "trained on all windows at once" : "without retraining");
  if (setting.all_windows) return nlohmann::json::array();
  LearningLoop::Options options;
  options.retrainer.seed = setting.seed;
  options.retrainer.configs = take(learner::parse_training_configs(setting.configs));
  const auto loop = take(LearningLoop::open(engine, student, options));
  std::vector<double> last;
  for (const DriftStream::Window& window : stream.windows) {
    const double start = ekya::steady_now().count();
    const std::string note = loop->window(window.train);
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f s: ", ekya::steady_now().count() - start);
    last = evaluate(*loop->live(), stream, seconds + note);
  }
  const double mean = std::accumulate(last.begin(), last.end(), 0.0) / static_cast<double>(last.size());
  return {row(setting.stream + ": mean accuracy of all windows after the last", mean, 0.90, 0.93),
          row(setting.stream + ": worst window after the last", *std::ranges::min_element(last), 0.85, {})};
}

}  // namespace

int main(int argc, char** argv) {
  Setting setting;
  std::string output;
  CLI::App app{"Accuracy along recorded drift"};
  app.add_option("--stream", setting.stream)->check(CLI::IsMember({"signs", "fashion"}))->capture_default_str();
  app.add_option("--source", setting.source, "Folder of the signs, or IDX file of the clothes")->required();
  app.add_option("--architecture", setting.architecture)->capture_default_str();
  app.add_option("--trunk", setting.trunk, "Safetensors file that the student's trunk is taken from");
  app.add_option("--width", setting.width)->capture_default_str();
  app.add_option("--size", setting.size)->capture_default_str();
  app.add_option("--labels", setting.labels, "Golden labels a window")->capture_default_str();
  app.add_option("--epochs", setting.epochs, "Of the student before the stream")->capture_default_str();
  app.add_option("--configs", setting.configs, "Retraining configs, as ekyaretrain reads them");
  app.add_option("--rate", setting.rate, "Learning rate of the student before the stream")->capture_default_str();
  app.add_flag("--all-windows", setting.all_windows, "Only train once, on all windows: what the student could reach");
  app.add_option("--output", output, "JSON file for the figures");
  app.add_option("--seed", setting.seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const nlohmann::json rows = run(setting);
  if (!output.empty()) std::ofstream(output) << rows.dump(1) << "\n";
  return 0;
}
