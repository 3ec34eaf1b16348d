// SPDX-License-Identifier: LGPL-2.1-or-later
// ekya-make-models: trains a student that knows only the scene before the drift, and a golden model that knows all
// conditions, from ekyatestsrc's own scenes (or from the real pictures it shows). Deterministic.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "crops.h"
#include "ekya/base/file_ops.h"
#include "ekya/learner/evaluation.h"
#include "ekya/learner/model.h"

namespace {

namespace learner = ekya::learner;
namespace scene = ekya::scene;
using ekya::tools::CropSource;
using ekya::tools::render_crops;

constexpr int kInput = 64, kTestCrops = 600;

template <typename T>
T take(ekya::Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "ekya-make-models: %s\n", result.error().message.c_str());
  std::exit(1);
}

scene::SceneDrift kind(const scene::Conditions& conditions, scene::ClassMix mix, int sprites_window = 0) {
  scene::SceneDrift drift;
  drift.before = conditions;
  drift.mix_before = std::move(mix);
  drift.sprites_window = sprites_window;
  return drift;
}

/// The conditions that the demo's cameras go through, and the mixes of classes.
struct Kinds {
  scene::SceneDrift before;
  std::vector<std::pair<std::string, scene::SceneDrift>> after;
  std::vector<scene::SceneDrift> all;
};

/// Any light, weather, blur and noise.
scene::Conditions any_conditions(std::mt19937_64& random) {
  std::uniform_real_distribution<double> part(0, 1);
  scene::Conditions conditions;
  conditions.light = part(random);
  const auto weather = static_cast<scene::Weather>(random() % 4);
  scene::set_weather(conditions, weather, part(random));
  conditions.blur = 0.4 * part(random);
  conditions.noise = 0.4 * part(random);
  conditions.viewpoint = 0.4 * part(random);
  return conditions;
}

Kinds road_kinds(const std::vector<std::string>& labels) {
  const scene::ClassMix usual =
      take(scene::parse_class_mix("car=6,truck=3,person=3,bus=0.05,bicycle=0.05,motorcycle=0.05", labels));
  const scene::ClassMix other =
      take(scene::parse_class_mix("car=1,truck=1,person=1,bus=3,bicycle=3,motorcycle=3", labels));
  scene::Conditions night;
  night.light = 0.1;
  scene::set_weather(night, scene::Weather::kRain, 1);
  Kinds kinds{kind({}, usual), {{"night and rain", kind(night, usual)}, {"another mix", kind({}, other)}}, {}};
  kinds.all = {kinds.before, kinds.after[0].second, kinds.after[1].second};
  std::mt19937_64 random(5);
  for (int i = 0; i < 24; ++i) kinds.all.push_back(kind(any_conditions(random), i % 3 ? scene::ClassMix{} : other));
  return kinds;
}

/// Real pictures in windows: before is the first one, after the last.
Kinds window_kinds(const scene::SpriteSet& sprites) {
  Kinds kinds{kind({}, {}), {{"last window", kind({}, {}, sprites.windows - 1)}}, {}};
  for (int window = 0; window < sprites.windows; ++window) kinds.all.push_back(kind({}, {}, window));
  return kinds;
}

/// Real pictures without windows: after is a dim light, or a mix where the classes that were rare are common.
Kinds belt_kinds(const scene::SpriteSet& sprites) {
  const std::size_t classes = sprites.labels.size();
  scene::ClassMix usual(classes, 1), other(classes, 1);
  for (std::size_t i = classes / 2; i < classes; ++i) usual[i] = 0.02, other[i] = 3;
  scene::Conditions dim;
  dim.light = 0.2;
  Kinds kinds{kind({}, usual), {{"dim light", kind(dim, usual)}, {"another mix", kind({}, other)}}, {}};
  for (int i = 0; i < 10; ++i) {
    scene::Conditions conditions;
    conditions.light = 0.1 * (i + 1);
    kinds.all.push_back(kind(conditions, {}));
  }
  return kinds;
}

Kinds kinds_of(const std::vector<std::string>& labels, const scene::SpriteSet* sprites) {
  if (!sprites) return road_kinds(labels);
  return sprites->windows > 1 ? window_kinds(*sprites) : belt_kinds(*sprites);
}

double accuracy(const learner::Classifier& model, const learner::LabelledCrops& crops) {
  const std::vector<int> answers = take(learner::answer(model, crops.pixels, crops.count()));
  int right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == crops.labels[i];
  return static_cast<double>(right) / crops.count();
}

struct Recipe {
  std::string name, architecture;
  double width;
  int crops, epochs;
  double learning_rate;
};

void report(const learner::Classifier& model, const Kinds& kinds,
            const std::shared_ptr<const scene::SpriteSet>& sprites) {
  const auto on = [&](const scene::SceneDrift& drift) {
    return 100 * accuracy(model, render_crops({{drift}, sprites}, kTestCrops, kInput, 977));
  };
  std::printf("  accuracy on unseen scenes: before the drift %.1f %%", on(kinds.before));
  for (const auto& [name, drift] : kinds.after) std::printf(", %s %.1f %%", name.c_str(), on(drift));
  std::printf("\n");
}

void make(const Recipe& recipe, const CropSource& source, const Kinds& kinds, const std::vector<std::string>& labels,
          const std::string& path) {
  const learner::Engine* engine = take(learner::engine());
  learner::ModelInfo info;
  info.architecture = recipe.architecture;
  info.width = recipe.width;
  info.labels = labels;
  info.input_size = kInput;
  info.normalisation = {{0.45F, 0.45F, 0.45F}, {0.25F, 0.25F, 0.25F}};
  info.origin = "ekya-make-models " + recipe.name;
  std::printf("%s: %s, width %.2f, %d crops, %d epochs\n", recipe.name.c_str(), recipe.architecture.c_str(),
              recipe.width, recipe.crops, recipe.epochs);
  const auto fresh = take(engine->build_classifier(take(engine->initialise(info, 1))));
  learner::TrainOptions options;
  options.epochs = recipe.epochs;
  options.learning_rate = recipe.learning_rate;
  const auto job = take(engine->train(*fresh, render_crops(source, recipe.crops, kInput, 1), options));
  for (bool done = false; !done;) {
    const learner::StepReport step = take(job->step());
    done = step.done;
    if (step.step % 100 == 0 || done) std::printf("  step %d of %d, loss %.3f\n", step.step, step.steps, step.loss);
    std::fflush(stdout);
  }
  report(*take(job->classifier()), kinds, source.sprites);
  const auto bytes = learner::serialize(take(job->weights()));
  if (const auto written = ekya::replace_file(ekya::FileOps::system(), path, bytes); !written) {
    std::fprintf(stderr, "ekya-make-models: %s\n", written.error().message.c_str());
    std::exit(1);
  }
  std::printf("  %s, %.2f MB\n", path.c_str(), static_cast<double>(bytes.size()) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  std::string output, sprites_path, prefix = "demo";
  int threads = 1;
  CLI::App app{
      "Trains a student (scene before the drift) and a golden model (all conditions) on the test camera's scenes"};
  app.add_option("--output", output, "Folder for PREFIX-student.safetensors and PREFIX-golden.safetensors")->required();
  app.add_option("--sprites", sprites_path, "Real pictures as objects: an IDX file, or a folder with index.csv");
  app.add_option("--prefix", prefix, "Of the files' names")->capture_default_str();
  app.add_option("--threads", threads, "For LibTorch")->check(CLI::Range(1, 64))->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  take(learner::engine())->set_thread_count(threads);
  std::shared_ptr<const scene::SpriteSet> sprites;
  if (!sprites_path.empty()) sprites = take(scene::load_sprites(sprites_path));
  const std::vector<std::string> labels = sprites ? sprites->labels : scene::Scene({}).labels();
  const Kinds kinds = kinds_of(labels, sprites.get());
  std::filesystem::create_directories(output);
  make({"student", "shufflenet_v2_x0_5", 1.0, 3000, 8, 0.05}, {{kinds.before}, sprites, 0.05}, kinds, labels,
       output + "/" + prefix + "-student.safetensors");
  // Clothes differ more than vehicles do: with 9000 the golden model was right on 74 % of those before the drift.
  const int golden_crops = sprites && sprites->windows == 1 ? 24000 : 9000;
  make({"golden", "resnet50", 0.25, golden_crops, 6, 0.05}, {kinds.all, sprites, 0.08}, kinds, labels,
       output + "/" + prefix + "-golden.safetensors");
  return 0;
}
