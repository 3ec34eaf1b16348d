// SPDX-License-Identifier: LGPL-2.1-or-later
#include "detector_fixtures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ekya/base/random.h"

namespace ekya::learner::testing {
namespace {

bool overlaps(const LabelledBox& a, const LabelledBox& b) {
  return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

/// x, y from -1 to 1 within the box.
bool is_inside(int label, double x, double y) {
  if (label == 0) return true;
  return label == 1 ? x * x + y * y <= 1 : std::abs(x) + std::abs(y) <= 1;
}

void draw(const LabelledBox& box, int size, std::uint8_t* pixels) {
  const double middle_x = (box.x1 + box.x2) / 2.0 * size, middle_y = (box.y1 + box.y2) / 2.0 * size;
  const double half_x = (box.x2 - box.x1) / 2.0 * size, half_y = (box.y2 - box.y1) / 2.0 * size;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const double at_x = (x + 0.5 - middle_x) / half_x, at_y = (y + 0.5 - middle_y) / half_y;
      if (std::abs(at_x) > 1 || std::abs(at_y) > 1 || !is_inside(box.label, at_x, at_y)) continue;
      for (int c = 0; c < 3; ++c) pixels[(y * size + x) * 3 + c] = c == box.label ? 220 : 40;
    }
}

std::vector<LabelledBox> draw_boxes(Random& random) {
  std::vector<LabelledBox> boxes;
  const int wanted = 1 + random.below(3);
  for (int tries = 0; tries < 20 && static_cast<int>(boxes.size()) < wanted; ++tries) {
    const auto width = static_cast<float>(random.uniform(0.2, 0.45)),
               height = static_cast<float>(random.uniform(0.2, 0.45));
    const auto x = static_cast<float>(random.uniform(0, 1 - width)),
               y = static_cast<float>(random.uniform(0, 1 - height));
    const LabelledBox box{x, y, x + width, y + height, random.below(3)};
    bool free = true;
    for (const LabelledBox& other : boxes) free = free && !overlaps(box, other);
    if (free) boxes.push_back(box);
  }
  return boxes;
}

/// A convolution that gives the same at each place: the values over and over again.
void make_constant(WeightsFile& weights, const std::string& convolution, const std::vector<float>& values) {
  std::ranges::fill(weights.tensors.at(convolution + ".weight").data, std::byte{0});
  Tensor& bias = weights.tensors.at(convolution + ".bias");
  for (std::size_t i = 0; i < bias.data.size() / sizeof(float); ++i)
    std::memcpy(bias.data.data() + i * sizeof(float), &values[i % values.size()], sizeof(float));
}

}  // namespace

ModelInfo detector_student(const std::string& architecture, int labels, int input_size) {
  ModelInfo info = student(architecture, labels, input_size);
  info.width = 0.25;
  return info;
}

std::shared_ptr<const Detector> build_detector(const WeightsFile& weights) {
  auto detector = torch_engine().build_detector(weights);
  EXPECT_TRUE(detector) << detector.error().message;
  return *std::move(detector);
}

WeightsFile constant_yolo(const std::vector<float>& row) {
  WeightsFile weights = fresh_weights(detector_student("yolov3_tiny", static_cast<int>(row.size()) - 5, 64));
  for (const char* name : {"module_list.15.conv_15", "module_list.22.conv_22"}) make_constant(weights, name, row);
  return weights;
}

WeightsFile constant_ssd(const std::vector<float>& row) {
  WeightsFile weights = fresh_weights(detector_student("ssdlite_mobilenet_v2", static_cast<int>(row.size()) - 5, 64));
  for (const std::string map : {"0", "1", "2", "3", "4", "5"}) {
    make_constant(weights, "head.regression_head.module_list." + map + ".1", {row.begin(), row.begin() + 4});
    make_constant(weights, "head.classification_head.module_list." + map + ".1", {row.begin() + 4, row.end()});
  }
  return weights;
}

LabelledFrames shape_frames(int count, int size, std::uint64_t seed) {
  Random random(seed);
  LabelledFrames frames;
  frames.size = size;
  for (int i = 0; i < count; ++i) {
    const std::size_t begin = frames.pixels.size();
    for (int p = 0; p < size * size * 3; ++p)
      frames.pixels.push_back(static_cast<std::uint8_t>(100 + random.below(40)));
    frames.boxes.push_back(draw_boxes(random));
    for (const LabelledBox& box : frames.boxes.back()) draw(box, size, frames.pixels.data() + begin);
  }
  return frames;
}

std::vector<DetectionResult> results(const Detector& detector, const LabelledFrames& frames, float threshold) {
  std::vector<DetectionResult> all;
  const auto bytes = static_cast<std::size_t>(frames.size) * frames.size * 3;
  std::vector<float> input(bytes);
  for (std::size_t i = 0; i < frames.boxes.size(); ++i) {
    device::normalise(std::span(frames.pixels).subspan(i * bytes, bytes), frames.size, frames.size,
                      detector.info().normalisation, input);
    const auto found = detector.detect(input, threshold);
    EXPECT_TRUE(found) << found.error().message;
    if (!found) break;
    all.push_back({*found, frames.boxes[i]});
  }
  return all;
}

double run_all(DetectorTrainingJob& job) {
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
