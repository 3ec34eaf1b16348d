// SPDX-License-Identifier: LGPL-2.1-or-later
// The micro-profiler on real training: Fashion-MNIST whose look drifts from window to window. Each window is profiled
// as a retrainer would, then every config is really trained to its end from the same student, and the forecasts are
// compared with the accuracies on 1000 images that were never seen. Prints one line a window and the summary.
//
//     bench-profiler [WINDOWS [WINDOW_SECONDS [SEED]]]
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <numeric>

#include "ekya/base/random.h"
#include "ekya/learner/evaluation.h"
#include "ekya/learner/training_config.h"
#include "ekya/profiler/micro_profiler.h"
#include "ekya/sim/micro_profile.h"

namespace ekya::learner {
namespace {

constexpr int kSide = 28, kInput = 32;
constexpr int kSamples = 400, kLabels = 100, kTest = 1000;
constexpr const char* kFolder = "/usr/share/datasets/fashion-mnist/";

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "bench-profiler: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T take(Result<T> result) {
  if (!result) fail(result.error().message);
  return *std::move(result);
}

std::vector<std::uint8_t> read_gz(const std::string& name, std::size_t header, std::size_t bytes) {
  std::vector<std::uint8_t> data(header + bytes);
  gzFile file = gzopen((kFolder + name).c_str(), "rb");
  if (!file) fail(std::string(kFolder) + name + " is missing; install dataset-fashion-mnist");
  const int read = gzread(file, data.data(), static_cast<unsigned>(data.size()));
  gzclose(file);
  if (read != static_cast<int>(data.size())) fail(name + " is too short");
  data.erase(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(header));
  return data;
}

struct Images {
  std::vector<std::uint8_t> pixels, labels;
};

Images read_images() {
  constexpr std::size_t kCount = 60000;
  return {read_gz("train-images-idx3-ubyte.gz", 16, kCount * kSide * kSide),
          read_gz("train-labels-idx1-ubyte.gz", 8, kCount)};
}

/// How the camera sees in a window: turned, darker, with noise.
struct Look {
  double turn = 0;  ///< Radians.
  double light = 1, noise = 0;
};

/// Adds image `index` to the crops, [32, 32, 3], nearest pixel.
void add_crop(const Images& images, std::size_t index, const Look& look, Random& random, LabelledCrops& crops) {
  const std::uint8_t* image = images.pixels.data() + index * kSide * kSide;
  const double sine = std::sin(look.turn), cosine = std::cos(look.turn), middle = (kInput - 1) / 2.0;
  for (int y = 0; y < kInput; ++y)
    for (int x = 0; x < kInput; ++x) {
      const int from_x = static_cast<int>(std::lround(cosine * (x - middle) + sine * (y - middle) + (kSide - 1) / 2.0));
      const int from_y = static_cast<int>(std::lround(cosine * (y - middle) - sine * (x - middle) + (kSide - 1) / 2.0));
      const bool inside = from_x >= 0 && from_x < kSide && from_y >= 0 && from_y < kSide;
      const double seen = (inside ? image[from_y * kSide + from_x] : 0) * look.light + look.noise * random.normal();
      crops.pixels.insert(crops.pixels.end(), 3, static_cast<std::uint8_t>(std::clamp(seen, 0.0, 255.0)));
    }
  crops.labels.push_back(images.labels[index]);
  crops.weights.push_back(1);
}

LabelledCrops draw(const Images& images, int count, const Look& look, Random& random) {
  LabelledCrops crops;
  crops.size = kInput;
  for (int i = 0; i < count; ++i)
    add_crop(images, static_cast<std::size_t>(random.below(static_cast<int>(images.labels.size()))), look, random,
             crops);
  return crops;
}

LabelledCrops first_part(const LabelledCrops& all, double fraction) {
  LabelledCrops part = all;
  const auto count = static_cast<std::size_t>(std::max(1.0, std::floor(fraction * all.count())));
  part.pixels.resize(count * 3 * kInput * kInput);
  part.labels.resize(count);
  part.weights.resize(count);
  return part;
}

double accuracy(const Classifier& classifier, const LabelledCrops& crops) {
  const auto answers = take(answer(classifier, crops.pixels, crops.count()));
  int right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == crops.labels[i];
  return static_cast<double>(right) / crops.count();
}

std::unique_ptr<TrainingJob> start_job(const Engine& engine, const Classifier& from, const LabelledCrops& data,
                                       const TrainingConfig& config) {
  TrainOptions options;
  options.epochs = config.epochs;
  options.batch_size = config.batch_size;
  options.layers = config.layers;
  options.learning_rate = config.learning_rate;
  return take(engine.train(from, data, options));
}

std::shared_ptr<const Classifier> train_to_end(const Engine& engine, const Classifier& from, const LabelledCrops& data,
                                               const TrainingConfig& config) {
  const auto job = start_job(engine, from, first_part(data, config.fraction), config);
  for (int step = 0; step < job->steps(); ++step) take(job->step());
  return take(job->classifier());
}

std::shared_ptr<const Classifier> first_student(const Engine& engine, const Images& images, Random& random) {
  ModelInfo info;
  info.architecture = "resnet18";
  info.width = 0.25;
  info.input_size = kInput;
  for (int i = 0; i < 10; ++i) info.labels.push_back("class" + std::to_string(i));
  const auto fresh = take(engine.build_classifier(take(engine.initialise(info, 1))));
  return train_to_end(engine, *fresh, draw(images, 1500, {}, random), {"first", 6, 32, TrainedLayers::kAll, 1, 0.05});
}

/// One window's profile, as a retrainer runs it.
class Profile {
 public:
  Profile(const Engine& engine, std::shared_ptr<const Classifier> live, const LabelledCrops& data,
          const LabelledCrops& held_back, const std::vector<TrainingConfig>& configs)
      : engine_(engine), live_(std::move(live)), data_(data), held_back_(held_back), configs_(configs) {}

  void run(profiler::MicroProfiler& profiler, double budget) {
    const Seconds begin = steady_now();
    const double live = accuracy(*live_, held_back_);
    const Seconds took = steady_now() - begin;
    profiler.costs().record_forward(took / kLabels);
    profiler.begin({kSamples, kLabels, live, took, budget});
    while (const auto slice = profiler.next()) train(profiler, *slice);
  }

 private:
  void train(profiler::MicroProfiler& profiler, const profiler::Slice& slice) {
    const Seconds begin = steady_now();
    const TrainingConfig& config = *std::find_if(configs_.begin(), configs_.end(),
                                                 [&](const TrainingConfig& one) { return one.id == slice.config; });
    Job& job = jobs_[slice.family];
    if (!job.training) {
      job.training = start_job(engine_, *live_, data_, config);
      profiler.costs().record_overhead(steady_now() - begin);
    }
    const int batches = (kSamples + config.batch_size - 1) / config.batch_size;  // Of an epoch.
    int samples = 0;
    for (; samples < slice.samples; ++job.steps) {
      const bool last = job.steps % batches == batches - 1;
      const int batch = last ? kSamples - (batches - 1) * config.batch_size : config.batch_size;
      const Seconds step = steady_now();
      take(job.training->step());
      profiler.costs().record_training(candidate(config), job.steps < batches, batch, steady_now() - step);
      samples += batch;
    }
    const Seconds evaluation = steady_now();
    const double reached = accuracy(*take(job.training->classifier()), held_back_);
    profiler.costs().record_evaluation(candidate(config), kLabels, steady_now() - evaluation);
    profiler.record({slice.config, samples, reached, kLabels, steady_now() - begin});
  }

  struct Job {
    std::unique_ptr<TrainingJob> training;
    int steps = 0;
  };
  const Engine& engine_;
  const std::shared_ptr<const Classifier> live_;
  const LabelledCrops &data_, &held_back_;
  const std::vector<TrainingConfig>& configs_;
  std::map<std::string, Job> jobs_;
};

struct Outcome {
  std::vector<double> errors, unchanged;  ///< Sizes: of the forecasts, and of "it stays as it is".
  int covered = 0;                        ///< Within the nominal 90 % interval.
};

void print(const char* name, const Outcome& outcome) {
  std::printf("%s: median absolute error %.1f points (no change: %.1f), %.0f %% within the 90 %% interval\n", name,
              100 * sim::median(outcome.errors), 100 * sim::median(outcome.unchanged),
              100.0 * outcome.covered / static_cast<double>(outcome.errors.size()));
}

void run(int windows, Seconds window_s, std::uint64_t seed) {
  const Engine& engine = *take(learner::engine());
  engine.set_thread_count(1);
  const Images images = read_images();
  Random random(seed);
  std::vector<TrainingConfig> configs = default_training_configs();
  std::erase_if(configs, [](const TrainingConfig& config) { return config.head_width > 0; });
  std::vector<profiler::Candidate> candidates;
  for (const TrainingConfig& config : configs) candidates.push_back(candidate(config));
  profiler::MicroProfiler profiler(candidates, 1);
  std::shared_ptr<const Classifier> live = first_student(engine, images, random);
  const double budget = profiler::profile_budget(window_s, 1);
  Outcome all;
  std::vector<double> spent;
  for (int window = 1; window <= windows; ++window) {
    const Look look{random.uniform(-1, 1), random.uniform(0.3, 1), random.uniform(0, 30)};
    const LabelledCrops data = draw(images, kSamples, look, random), held_back = draw(images, kLabels, look, random),
                        test = draw(images, kTest, look, random);
    const double before = accuracy(*live, test);
    profiler.new_window();
    Profile profile(engine, live, data, held_back, configs);
    profile.run(profiler, budget);
    spent.push_back(profiler.spent() / window_s.count());
    const auto forecasts = profiler.forecasts();
    Outcome here;
    std::size_t best = 0;
    std::vector<std::shared_ptr<const Classifier>> trained;
    for (std::size_t i = 0; i < configs.size(); ++i) {
      trained.push_back(train_to_end(engine, *live, data, configs[i]));
      const double truth = std::max(before, accuracy(*trained.back(), test));  // The gate refuses what is worse.
      for (Outcome* outcome : {&here, &all}) {
        if (!forecasts[i].offered) continue;
        outcome->errors.push_back(std::abs(forecasts[i].accuracy - truth));
        outcome->unchanged.push_back(std::abs(before - truth));
        outcome->covered += outcome->errors.back() <= 1.645 * forecasts[i].sd;
      }
      std::printf("  %-14s %s %.3f +- %.3f, reached %.3f, work %.1f s\n", configs[i].id.c_str(),
                  forecasts[i].offered ? "forecast" : "left out", forecasts[i].accuracy, forecasts[i].sd, truth,
                  forecasts[i].work);
      if (forecasts[i].accuracy > forecasts[best].accuracy) best = i;
    }
    std::printf("window %d: %.3f before, the profile took %.2f %% of the window\n", window, before, 100 * spent.back());
    print("  its forecasts", here);
    profiler.choose(configs[best].id);
    profiler.record({configs[best].id, static_cast<int>(candidates[best].passes() * kSamples),
                     accuracy(*trained[best], held_back), kLabels, Seconds{0}});
    profiler.finished(configs[best].id, accuracy(*trained[best], held_back), kLabels);
    live = trained[best];
  }
  print("all windows", all);
  std::printf("a profile took %.2f %% of the window on the mean, at most %.2f %%\n",
              100 * std::accumulate(spent.begin(), spent.end(), 0.0) / windows,
              100 * *std::max_element(spent.begin(), spent.end()));
}

}  // namespace
}  // namespace ekya::learner

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const int windows = argc > 1 ? std::max(1, std::atoi(argv[1])) : 6;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 200;
  ekya::learner::run(windows, ekya::Seconds{seconds}, argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1);
}
