// SPDX-License-Identifier: LGPL-2.1-or-later
#include "torch_fixtures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "ekya/device/preprocess.h"

namespace ekya::learner::testing {

const Engine& torch_engine() {
  const auto found = engine();
  if (!found) {
    std::fprintf(stderr, "%s\n", found.error().message.c_str());
    std::abort();
  }
  (*found)->set_thread_count(1);
  return **found;
}

ModelInfo student(const std::string& architecture, int labels, int input_size) {
  ModelInfo info;
  info.architecture = architecture;
  info.input_size = input_size;
  info.normalisation = {{0.5F, 0.5F, 0.5F}, {0.25F, 0.25F, 0.25F}};
  for (int i = 0; i < labels; ++i) info.labels.push_back("class" + std::to_string(i));
  return info;
}

WeightsFile fresh_weights(const ModelInfo& info, std::uint64_t seed) {
  auto weights = torch_engine().initialise(info, seed);
  EXPECT_TRUE(weights) << weights.error().message;
  return *std::move(weights);
}

std::shared_ptr<const Classifier> build(const WeightsFile& weights) {
  auto classifier = torch_engine().build_classifier(weights);
  EXPECT_TRUE(classifier) << classifier.error().message;
  return *std::move(classifier);
}

LabelledCrops coloured_crops(int count, int labels, int size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  LabelledCrops crops;
  crops.size = size;
  for (int i = 0; i < count; ++i) {
    const int label = i % labels;
    const int colour[3] = {40 + 170 * (label & 1), 40 + 170 * (label >> 1 & 1), 40 + 170 * (label >> 2 & 1)};
    for (int p = 0; p < size * size * 3; ++p)
      crops.pixels.push_back(static_cast<std::uint8_t>(colour[p % 3] + static_cast<int>(random() % 60) - 30));
    crops.labels.push_back(label);
    crops.weights.push_back(1);
  }
  return crops;
}

std::vector<float> normalised(const LabelledCrops& crops, const ModelInfo& info) {
  const auto values = static_cast<std::size_t>(crops.size * crops.size * 3);
  std::vector<float> out(crops.labels.size() * values);
  for (int i = 0; i < crops.count(); ++i)
    for (int p = 0; p < crops.size * crops.size; ++p)
      for (int c = 0; c < 3; ++c) {
        const float value = crops.pixels[i * values + p * 3 + c] / 255.0F;
        const auto channel = static_cast<std::size_t>(c);
        out[i * values + c * crops.size * crops.size + p] =
            (value - info.normalisation.mean[channel]) / info.normalisation.std[channel];
      }
  return out;
}

double accuracy(const Classifier& classifier, const LabelledCrops& crops) {
  const auto result = classifier.classify(normalised(crops, classifier.info()), crops.count());
  EXPECT_TRUE(result) << result.error().message;
  const auto labels = static_cast<std::ptrdiff_t>(classifier.info().labels.size());
  int right = 0;
  for (int i = 0; i < crops.count(); ++i) {
    const auto row = result->begin() + i * labels;
    right += std::max_element(row, row + labels) - row == crops.labels[static_cast<std::size_t>(i)];
  }
  return static_cast<double>(right) / crops.count();
}

double run_all(TrainingJob& job) {
  double loss = 0;
  for (int i = 0; i < job.steps(); ++i) {
    const auto report = job.step();
    EXPECT_TRUE(report) << report.error().message;
    if (!report) break;
    EXPECT_EQ(report->step, i + 1);
    EXPECT_EQ(report->done, i + 1 == job.steps());
    loss = report->loss;
  }
  return loss;
}

}  // namespace ekya::learner::testing
