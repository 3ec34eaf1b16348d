// SPDX-License-Identifier: LGPL-2.1-or-later
// What remembering costs and brings: `bench-memory [FOLDER]`; FOLDER is for the files of a model zoo (default: the
// current one). Prints how many labels it takes from an abrupt drift to the swap to a stored model, how often a model
// that is no better is taken, and the times of the parts. Answers are simulated (seeded), times are measured.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/base/random.h"
#include "ekya/learner/accuracy.h"
#include "ekya/learner/herding.h"
#include "ekya/learner/model_zoo.h"
#include "ekya/learner/recall.h"

namespace {

using namespace ekya;           // NOLINT
using namespace ekya::learner;  // NOLINT

constexpr int kCandidates = 3;
constexpr int kBefore = 60;  // Labels before the drift.

struct Scene {
  const char* name;
  double before, after;            // Accuracy of the live model.
  double candidates[kCandidates];  // Of the stored models, after the drift.
};

struct Row {
  bool live;
  std::vector<bool> candidates;
};

/// Half of the time all models share one difficulty of the crop, so that their errors go together.
Row answers(Random& random, double live, const double (&candidates)[kCandidates]) {
  const double shared = random.uniform();
  const auto right = [&](double accuracy) { return (random.chance(0.5) ? shared : random.uniform()) < accuracy; };
  Row row{right(live), {}};
  for (const double accuracy : candidates) row.candidates.push_back(right(accuracy));
  return row;
}

struct Run {
  std::optional<int> told, swapped;  // Labels since the drift.
  int chosen = -1;
};

/// One stream. `with_evidence`: the labels that showed the drift count too.
Run run(const Scene& scene, std::uint64_t number, bool with_evidence) {
  Random random(1, number);
  AccuracyMonitor monitor;
  std::vector<Row> rows;
  std::optional<Recall> recall;
  Run run;
  constexpr std::size_t kEvidence = 20;  // Labels that showed the drift, about.
  for (int label = -kBefore; label < 300; ++label) {
    rows.push_back(answers(random, label < 0 ? scene.before : scene.after, scene.candidates));
    if (recall) recall->add(rows.back().live, rows.back().candidates);
    if (recall && recall->verdict() != Recall::Verdict::kOpen) break;
    monitor.add(rows.back().live);
    if (label < 0 || recall || !monitor.take_drift()) continue;
    run.told = label + 1;
    recall.emplace(kCandidates);
    for (std::size_t i = rows.size() - kEvidence; with_evidence && i < rows.size(); ++i)
      recall->add(rows[i].live, rows[i].candidates);
  }
  if (recall && recall->verdict() == Recall::Verdict::kSwap) {
    run.swapped = static_cast<int>(rows.size()) - kBefore;
    run.chosen = recall->chosen();
  }
  return run;
}

int part(std::vector<int> values, int percent) {
  std::ranges::sort(values);
  return values.empty() ? -1 : values[values.size() * static_cast<std::size_t>(percent) / 100];
}

void show(const Scene& scene, bool with_evidence) {
  constexpr int kRuns = 2000;
  std::vector<int> told, swapped;
  int best = 0;
  for (int i = 0; i < kRuns; ++i) {
    const Run one = run(scene, static_cast<std::uint64_t>(i), with_evidence);
    if (one.told) told.push_back(*one.told);
    if (one.swapped) swapped.push_back(*one.swapped);
    best += one.chosen == 0;
  }
  std::printf(
      "%-28s %-8s told %4zu: %2d labels; swapped %5.1f %% of them, to the best %5.1f %%: %2d labels, 90 %% in %2d\n",
      scene.name, with_evidence ? "all" : "fresh", told.size(), part(told, 50),
      100.0 * static_cast<double>(swapped.size()) / static_cast<double>(std::max<std::size_t>(1, told.size())),
      100.0 * best / static_cast<double>(std::max<std::size_t>(1, told.size())), part(swapped, 50), part(swapped, 90));
}

template <typename Work>
double milliseconds(int times, Work work) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    const Seconds begin = steady_now();
    work();
    all.push_back(1000 * (steady_now() - begin).count());
  }
  std::ranges::sort(all);
  return all[all.size() / 2];
}

WeightsFile weights(std::size_t bytes) {
  WeightsFile file;
  file.tensors["weights"] = {DType::kF32, {static_cast<std::int64_t>(bytes / 4)}, std::vector<std::byte>(bytes)};
  ModelInfo info;
  info.architecture = "resnet18";
  info.labels = {"car", "bus"};
  set_model_info(file, info);
  return file;
}

void time_zoo(const std::string& folder, const char* model, std::size_t bytes) {
  auto zoo = ModelZoo::open(FileOps::system(), folder, {.models = 5});
  if (!zoo) return void(std::printf("zoo: %s\n", zoo.error().message.c_str()));
  const WeightsFile file = weights(bytes);
  double at = 0;
  const auto scene = [&](double mean) { return SceneStatistics{"image-1", {mean}, {1}, {}}; };
  const double add = milliseconds(5, [&] { static_cast<void>(zoo->add(file, scene(at++), 0.9)); });
  const auto info = model_info(file);
  std::size_t loaded = 0;
  const double load = milliseconds(5, [&] { loaded = zoo->load_nearest(scene(2), *info, kCandidates).size(); });
  std::printf("zoo of 5 x %-22s add %6.1f ms, load the nearest %zu %6.1f ms\n", model, add, loaded, load);
}

void time_parts() {
  Random random(1);
  LabelledCrops crops;
  crops.size = 64;
  crops.labels.assign(40, 0);
  crops.pixels.resize(40 * 64 * 64 * 3);
  for (auto& pixel : crops.pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  const std::vector<std::string> labels{"car"};
  std::printf("statistics of 40 crops 64x64:   %6.1f ms\n",
              milliseconds(20, [&] { static_cast<void>(image_statistics(crops, labels)); }));
  std::vector<float> features(400 * 512);
  for (auto& value : features) value = static_cast<float>(random.uniform());
  std::vector<int> classes;
  for (int i = 0; i < 400; ++i) classes.push_back(i % 10);
  std::printf("herding 400 x 512, 10 classes, 20 each: %6.1f ms\n",
              milliseconds(20, [&] { static_cast<void>(herd(features, 512, classes, 20)); }));
}

}  // namespace

int main(int argc, char** argv) {
  const Scene scenes[] = {{"live .93 to .30, stored .93", 0.93, 0.30, {0.93, 0.6, 0.5}},
                          {"live .93 to .50, stored .93", 0.93, 0.50, {0.93, 0.6, 0.5}},
                          {"live .93 to .70, stored .93", 0.93, 0.70, {0.93, 0.6, 0.5}},
                          {"no drift, all .93", 0.93, 0.93, {0.93, 0.93, 0.93}},
                          {"no drift, all .75", 0.75, 0.75, {0.75, 0.75, 0.75}}};
  for (const Scene& scene : scenes)
    for (const bool with_evidence : {false, true}) show(scene, with_evidence);
  time_parts();
  const std::string folder = std::string(argc > 1 ? argv[1] : ".") + "/bench-memory-zoo";
  for (const auto& [model, bytes] :
       {std::pair{"5 MB (ShuffleNetV2 x1.0)", 5u << 20}, std::pair{"45 MB (ResNet18)", 45u << 20}}) {
    time_zoo(folder, model, bytes);
    std::filesystem::remove_all(folder);
  }
}
