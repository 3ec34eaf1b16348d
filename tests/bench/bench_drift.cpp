// SPDX-License-Identifier: LGPL-2.1-or-later
// Benchmark of drift detection: delay and false alarms of the three tiers on streams of the test camera's scene.
//
//   bench-drift STUDENT.safetensors OUTPUT.json [STREAMS [HOURS]]
//
// STREAMS of each kind of drift (8), and HOURS without drift (2), at two frames a second. Deterministic.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ekya/base/clock.h"
#include "ekya/drift/feature_drift.h"
#include "ekya/drift/frame_drift.h"
#include "ekya/learner/accuracy.h"
#include "ekya/learner/model.h"
#include "ekyatestsrc/scene.h"

namespace {

using namespace ekya;
using nlohmann::json;

constexpr double kFrameRate = 2, kStart = 120, kLength = 270;
constexpr int kTiers = 3;
const char* const kTierNames[kTiers] = {"frames", "features", "labels"};

template <typename T>
T take(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "bench-drift: %s\n", result.error().message.c_str());
  std::exit(1);
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Rank q of the values, in [0, 1]; -1 of none.
double quantile(std::vector<double> values, double q) {
  if (values.empty()) return -1;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

device::ImageView view(const scene::Canvas& canvas) {
  device::ImageView image{device::PixelFormat::kBgrx, canvas.width(), canvas.height()};
  image.plane[0] = canvas.pixels().data();
  image.size[0] = canvas.pixels().size();
  image.stride[0] = canvas.stride();
  return image;
}

/// What the student says of a frame's objects.
struct Answers {
  std::vector<int> classes;
  double confidence = 0;
  std::vector<bool> right;
};

class Student {
 public:
  explicit Student(const std::string& path) {
    const auto* engine = take(learner::engine());
    engine->set_thread_count(1);
    model_ = take(engine->build_classifier(take(learner::read_weights(path, true))));
  }

  Answers answer(const device::ImageView& image, const std::vector<scene::Truth>& truths) const {
    const auto& info = model_->info();
    const int size = info.input_size;
    const std::size_t pixels = static_cast<std::size_t>(size) * size * 3;
    std::vector<std::uint8_t> rgb(pixels);
    std::vector<float> input(pixels * truths.size());
    for (std::size_t i = 0; i < truths.size(); ++i) {
      const auto& t = truths[i];
      if (!device::crop_resize(image, {t.x, t.y, t.width, t.height}, size, size, rgb)) std::abort();
      device::normalise(rgb, size, size, info.normalisation, std::span(input).subspan(i * pixels, pixels));
    }
    Answers answers;
    if (truths.empty()) return answers;
    const auto rows = take(model_->classify(input, static_cast<int>(truths.size())));
    const std::size_t classes = info.labels.size();
    for (std::size_t i = 0; i < truths.size(); ++i) {
      const auto row = rows.begin() + static_cast<std::ptrdiff_t>(i * classes);
      const auto best = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes));
      answers.classes.push_back(static_cast<int>(best - row));
      answers.confidence += *best / static_cast<double>(truths.size());
      answers.right.push_back(best - row == truths[i].label);
    }
    return answers;
  }

 private:
  std::shared_ptr<const learner::Classifier> model_;
};

/// Tier two: each object once, as a crop of 8x8 colours.
class Features {
 public:
  bool add(const device::ImageView& image, const std::vector<scene::Truth>& truths) {
    bool alarm = false;
    for (const auto& t : truths) {
      if (!seen_.insert(t.id).second) continue;
      std::vector<std::uint8_t> rgb(kDimension);
      if (!device::crop_resize(image, {t.x, t.y, t.width, t.height}, kSide, kSide, rgb)) std::abort();
      alarm = take(drift_.add(std::vector<float>(rgb.begin(), rgb.end()))) || alarm;
    }
    return alarm;
  }

 private:
  static constexpr int kSide = 8, kDimension = 3 * kSide * kSide;

  static drift::FeatureDriftOptions options() {
    drift::FeatureDriftOptions options;
    options.dimension = kDimension;
    return options;
  }

  drift::FeatureDrift drift_{options()};
  std::set<std::uint64_t> seen_;
};

struct Kind {
  const char* name;
  scene::SceneDrift drift;
};

std::vector<Kind> kinds() {
  const scene::ClassMix usual{5, 3, 1, 1, 1, 1}, other{1, 1, 1, 1, 5, 5};
  scene::SceneDrift base;
  base.mix_before = base.mix_after = usual;
  base.before.light = base.after.light = 0.9;
  base.before.noise = base.after.noise = 0.1;
  std::vector<Kind> all;
  const auto add = [&](const char* name, scene::DriftKind kind, auto change) {
    scene::SceneDrift drift = base;
    drift.drift = {kind, kStart, 60};
    change(drift);
    all.push_back({name, drift});
  };
  using enum scene::DriftKind;
  add("night, abrupt", kAbrupt, [](auto& d) { d.after.light = 0.1; });
  add("night, in 60 s", kGradual, [](auto& d) { d.after.light = 0.1; });
  add("rain, abrupt", kAbrupt, [](auto& d) { d.after.rain = 0.8; });
  add("fog, in 60 s", kGradual, [](auto& d) { d.after.fog = 0.8; });
  add("blur, abrupt", kAbrupt, [](auto& d) { d.after.blur = 0.6; });
  add("class mix, abrupt", kAbrupt, [&](auto& d) { d.mix_after = other; });
  return all;
}

/// The light wavers by three points over five minutes, as under clouds.
scene::SceneDrift wavering(scene::SceneDrift drift, double seconds, std::uint64_t seed) {
  const double by = 0.03 * std::sin(2 * M_PI * (seconds / 300 + static_cast<double>(seed % 7) / 7));
  drift.before.light = std::clamp(drift.before.light + by, 0.0, 1.0);
  drift.after.light = std::clamp(drift.after.light + by, 0.0, 1.0);
  return drift;
}

struct Played {
  std::vector<double> alarms[kTiers];  ///< Seconds.
  int labels[2] = {}, right[2] = {};   ///< Before the drift and after it has come.
};

/// Time that tier one took, over all frames.
struct Cost {
  double seconds = 0;
  long frames = 0;
};

Played play(const Student& student, const scene::SceneDrift& drift, std::uint64_t seed, double length, Cost& cost) {
  scene::Scene camera({640, 360, seed, 6, nullptr}, drift);
  drift::FrameDrift frames;
  Features features;
  learner::AccuracyMonitor labels;
  Played played;
  for (std::uint64_t number = 0; static_cast<double>(number) < length * kFrameRate; ++number) {
    const double now = static_cast<double>(number) / kFrameRate;
    camera.set_drift(wavering(drift, now, seed));
    const auto truths = camera.render(now, number);
    const auto image = view(camera.canvas());
    const Answers answers = student.answer(image, truths);
    const double begin = cpu_seconds();
    drift::FrameSignals signals;
    if (!answers.classes.empty()) signals.confidence = answers.confidence;
    signals.classes = answers.classes;
    signals.look = drift::look_at(image);
    if (frames.add(Seconds{now}, signals)) played.alarms[0].push_back(now);
    cost.seconds += cpu_seconds() - begin;
    ++cost.frames;
    if (features.add(image, truths)) played.alarms[1].push_back(now);
    const int after = now >= kStart + 60;
    for (const bool right : answers.right) {
      labels.add(right);
      if (now < kStart || after) ++played.labels[after], played.right[after] += right;
      if (labels.take_drift()) played.alarms[2].push_back(now);
    }
  }
  return played;
}

json measure(const Student& student, const Kind& kind, int streams, Cost& cost) {
  std::vector<double> delays[kTiers];
  Played sum;
  for (int i = 0; i < streams; ++i) {
    const Played played = play(student, kind.drift, 100 + static_cast<std::uint64_t>(i), kLength, cost);
    for (int tier = 0; tier < kTiers; ++tier) {
      const auto& alarms = played.alarms[tier];
      const auto first = std::lower_bound(alarms.begin(), alarms.end(), kStart);
      if (first != alarms.end()) delays[tier].push_back(*first - kStart);
    }
    for (int side = 0; side < 2; ++side) sum.labels[side] += played.labels[side], sum.right[side] += played.right[side];
  }
  const double before = 1.0 * sum.right[0] / sum.labels[0], after = 1.0 * sum.right[1] / sum.labels[1];
  json row{{"drift", kind.name}, {"streams", streams}, {"accuracy_before", before}, {"accuracy_after", after}};
  std::printf("%-18s %.2f -> %.2f", kind.name, before, after);
  for (int tier = 0; tier < kTiers; ++tier) {
    const double median = quantile(delays[tier], 0.5), p90 = quantile(delays[tier], 0.9);
    row[kTierNames[tier]] = {{"detected", delays[tier].size()}, {"median_s", median}, {"p90_s", p90}};
    std::printf("   %s %zu/%d, %.1f s (p90 %.1f)", kTierNames[tier], delays[tier].size(), streams, median, p90);
  }
  std::printf("\n");
  std::fflush(stdout);
  return row;
}

json count_false_alarms(const Student& student, double hours, Cost& cost) {
  constexpr double kOne = 1800;
  scene::SceneDrift steady = kinds().front().drift;
  steady.drift.kind = scene::DriftKind::kNone;
  const int streams = std::max(1, static_cast<int>(std::lround(hours * 3600 / kOne)));
  long alarms[kTiers] = {}, labels = 0;
  for (int i = 0; i < streams; ++i) {
    const Played played = play(student, steady, 900 + static_cast<std::uint64_t>(i), kOne, cost);
    for (int tier = 0; tier < kTiers; ++tier) alarms[tier] += static_cast<long>(played.alarms[tier].size());
    labels += played.labels[0] + played.labels[1];
  }
  const double measured = streams * kOne / 3600;
  json row{{"hours", measured}, {"labels", labels}};
  std::printf("without drift, %.1f h:", measured);
  for (int tier = 0; tier < kTiers; ++tier) {
    row[kTierNames[tier]] = static_cast<double>(alarms[tier]) / measured;
    std::printf("   %s %.1f false alarms/h", kTierNames[tier], static_cast<double>(alarms[tier]) / measured);
  }
  std::printf("\n");
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench-drift STUDENT.safetensors OUTPUT.json [STREAMS [HOURS]]\n");
    return 2;
  }
  const Student student(argv[1]);
  const int streams = argc > 3 ? std::max(0, std::atoi(argv[3])) : 8;
  const double hours = argc > 4 ? std::atof(argv[4]) : 2;
  Cost cost;
  json results{{"drifts", json::array()}};
  for (const Kind& kind : streams > 0 ? kinds() : std::vector<Kind>{})
    results["drifts"].push_back(measure(student, kind, streams, cost));
  if (hours > 0) results["false_alarms_per_hour"] = count_false_alarms(student, hours, cost);
  const double microseconds = 1e6 * cost.seconds / static_cast<double>(cost.frames);
  results["frame_us"] = microseconds;
  std::printf("tier one costs %.1f us a frame, reading its points included\n", microseconds);
  std::ofstream(argv[2]) << results.dump(1) << "\n";
}
