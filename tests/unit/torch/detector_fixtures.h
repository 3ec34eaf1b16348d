// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "ekya/learner/detection_metrics.h"
#include "torch_fixtures.h"

namespace ekya::learner::testing {

/// A narrow student with labels "class0", "class1", ...
ModelInfo detector_student(const std::string& architecture, int labels = 3, int input_size = 96);
std::shared_ptr<const Detector> build_detector(const WeightsFile& weights);

/// A yolov3_tiny of 64 pixels whose every row is the given one, 5 + labels values: all kernels of its head are zero.
WeightsFile constant_yolo(const std::vector<float>& row);
/// The same of ssdlite_mobilenet_v2: 4 + 1 + labels values.
WeightsFile constant_ssd(const std::vector<float>& row);

/// Frames of a noisy grey with one to three boxes on each: red squares, green discs and blue diamonds.
LabelledFrames shape_frames(int count, int size = 96, std::uint64_t seed = 7);

/// What the detector finds at `threshold`, beside the truth.
std::vector<DetectionResult> results(const Detector& detector, const LabelledFrames& frames, float threshold);

/// Runs all steps; the test fails if one does. Gives the last loss.
double run_all(DetectorTrainingJob& job);

}  // namespace ekya::learner::testing
