// SPDX-License-Identifier: LGPL-2.1-or-later
// A detector under drift: learns the test camera's road by day, is shown it at dusk in the rain, and learns again from
// frames of that with their true boxes; once by themselves, once beside some of the day's. Prints what it scores on
// scenes that it has not seen.
//
//   bench-detection OUTPUT.json
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/device/preprocess.h"
#include "ekya/learner/detection_metrics.h"
#include "ekya/learner/model.h"
#include "ekyatestsrc/scene.h"

namespace {

namespace learner = ekya::learner;
namespace scene = ekya::scene;

constexpr int kWidth = 640, kHeight = 360, kObjects = 5, kFramesPerScene = 4;
constexpr double kSecondsBetween = 1.7;  ///< Long enough for the objects to have moved on.
constexpr double kIou = 0.5, kConfidence = 0.4;

template <typename T>
T take(ekya::Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench-detection: %s\n", result.error().message.c_str());
  std::exit(1);
}

ekya::device::ImageView view(const scene::Canvas& canvas) {
  ekya::device::ImageView image{ekya::device::PixelFormat::kBgrx, canvas.width(), canvas.height()};
  image.plane[0] = canvas.pixels().data();
  image.size[0] = canvas.pixels().size();
  image.stride[0] = canvas.stride();
  return image;
}

learner::LabelledBox box_of(const scene::Truth& truth) {
  return {static_cast<float>(truth.x) / kWidth, static_cast<float>(truth.y) / kHeight,
          static_cast<float>(truth.x + truth.width) / kWidth, static_cast<float>(truth.y + truth.height) / kHeight,
          truth.label};
}

void add_frame(learner::LabelledFrames& frames, scene::Scene& scene, int number) {
  const auto& truths = scene.render(number * kSecondsBetween, static_cast<std::uint64_t>(number));
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(frames.size) * frames.size * 3);
  if (!ekya::device::crop_resize(view(scene.canvas()), {0, 0, kWidth, kHeight}, frames.size, frames.size, pixels))
    return;
  frames.pixels.insert(frames.pixels.end(), pixels.begin(), pixels.end());
  auto& boxes = frames.boxes.emplace_back();
  for (const scene::Truth& truth : truths) boxes.push_back(box_of(truth));
}

learner::LabelledFrames render(const scene::Conditions& conditions, int count, int size, std::uint64_t seed) {
  learner::LabelledFrames frames;
  frames.size = size;
  std::mt19937_64 random(seed);
  scene::SceneDrift drift;
  drift.before = conditions;
  while (frames.count() < count) {
    scene::Scene scene({kWidth, kHeight, random(), kObjects, nullptr}, drift);
    for (int i = 1; i <= kFramesPerScene && frames.count() < count; ++i) add_frame(frames, scene, i);
  }
  return frames;
}

learner::LabelledFrames both(learner::LabelledFrames frames, const learner::LabelledFrames& more) {
  frames.pixels.insert(frames.pixels.end(), more.pixels.begin(), more.pixels.end());
  frames.boxes.insert(frames.boxes.end(), more.boxes.begin(), more.boxes.end());
  return frames;
}

nlohmann::json score(const char* what, const learner::Detector& detector, const learner::LabelledFrames& frames) {
  const auto& info = detector.info();
  const auto bytes = static_cast<std::size_t>(frames.size) * frames.size * 3;
  std::vector<learner::DetectionResult> results;
  std::vector<float> input(bytes);
  const auto begin = ekya::steady_now();
  for (std::size_t i = 0; i < frames.boxes.size(); ++i) {
    ekya::device::normalise(std::span(frames.pixels).subspan(i * bytes, bytes), frames.size, frames.size,
                            info.normalisation, input);
    results.push_back({take(detector.detect(input, 0.01F)), frames.boxes[i]});
  }
  const double ms = (ekya::steady_now() - begin).count() * 1000 / frames.count();
  const int labels = static_cast<int>(info.labels.size());
  const auto counts = learner::score_detections(results, labels, kIou, kConfidence).all;
  const auto loose = learner::score_detections(results, labels, 0.3, kConfidence).all;
  const double map = learner::average_precision(results, labels, kIou).mean;
  std::printf("%-28s F1@0.5 %.3f (precision %.3f, recall %.3f)  F1@0.3 %.3f  mAP@0.5 %.3f  %.1f ms a frame\n", what,
              counts.f1(), counts.precision(), counts.recall(), loose.f1(), map, ms);
  std::fflush(stdout);
  return {{"what", what}, {"f1_50", counts.f1()}, {"f1_30", loose.f1()}, {"map_50", map}, {"frame_ms", ms}};
}

std::shared_ptr<const learner::Detector> train(const char* what, const learner::Engine& engine,
                                               const learner::Detector& from, const learner::LabelledFrames& frames,
                                               int epochs, double rate) {
  learner::TrainOptions options;
  options.epochs = epochs;
  options.batch_size = 8;
  options.learning_rate = rate;
  options.mirror = true;
  const auto job = take(engine.train_detector(from, frames, options));
  const auto begin = ekya::steady_now();
  double loss = 0;
  for (int i = 0; i < job->steps(); ++i) loss = take(job->step()).loss;
  std::printf("%s: %d frames, %d epochs, %.0f s, last loss %.2f\n", what, frames.count(), epochs,
              (ekya::steady_now() - begin).count(), loss);
  std::fflush(stdout);
  return take(job->detector());
}

}  // namespace

int main(int argc, char** argv) {
  learner::ModelInfo info;
  info.architecture = "yolov3_tiny";
  info.width = 0.25;
  info.input_size = 192;
  info.normalisation = {{0.45F, 0.45F, 0.45F}, {0.25F, 0.25F, 0.25F}};
  info.labels = scene::scene_labels();
  std::string output;
  int frames = 240, drifted = 100, exemplars = 50, epochs = 25, again = 15;
  CLI::App app{"A detector that learns the road by day, meets dusk and rain, and learns again"};
  app.add_option("output", output, "JSON file")->required();
  app.add_option("--architecture", info.architecture)->capture_default_str();
  app.add_option("--width", info.width)->capture_default_str();
  app.add_option("--input-size", info.input_size)->capture_default_str();
  app.add_option("--frames", frames, "By day")->capture_default_str();
  app.add_option("--drifted-frames", drifted, "At dusk in the rain")->capture_default_str();
  app.add_option("--exemplars", exemplars, "Frames of the day that a second retraining sees as well")
      ->capture_default_str();
  app.add_option("--epochs", epochs, "On the first")->capture_default_str();
  app.add_option("--retrain-epochs", again, "On the second")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const learner::Engine& engine = *take(learner::engine());
  engine.set_thread_count(1);
  scene::Conditions dusk;
  dusk.light = 0.35;
  scene::set_weather(dusk, scene::Weather::kRain, 0.8);
  const auto day_test = render({}, 100, info.input_size, 77), dusk_test = render(dusk, 100, info.input_size, 78);

  const auto fresh = take(engine.build_detector(take(engine.initialise(info, 1))));
  const auto day = train("by day", engine, *fresh, render({}, frames, info.input_size, 1), epochs, 0.02);
  nlohmann::json scores{score("day", *day, day_test), score("dusk and rain, before", *day, dusk_test)};
  const auto at_dusk = render(dusk, drifted, info.input_size, 2);
  const auto retrained = train("at dusk", engine, *day, at_dusk, again, 0.01);
  scores.push_back(score("dusk and rain, after", *retrained, dusk_test));
  scores.push_back(score("day, after", *retrained, day_test));
  const auto kept = render({}, exemplars, info.input_size, 1);  // The first of those that it learned from by day.
  const auto balanced = train("at dusk, with exemplars", engine, *day, both(at_dusk, kept), again, 0.01);
  scores.push_back(score("dusk, after, with exemplars", *balanced, dusk_test));
  scores.push_back(score("day, after, with exemplars", *balanced, day_test));
  std::ofstream(output) << scores.dump(2) << "\n";
  return 0;
}
