// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ekya/learner/model.h"

namespace ekya::learner::testing {

/// The real engine, single-threaded. The test stops if it is not there.
const Engine& torch_engine();

/// A student with labels "class0", "class1", ...
ModelInfo student(const std::string& architecture = "shufflenet_v2_x0_5", int labels = 4, int input_size = 32);
/// Its fresh weights from a seed.
WeightsFile fresh_weights(const ModelInfo& info, std::uint64_t seed = 1);
std::shared_ptr<const Classifier> build(const WeightsFile& weights);

/// Crops of plain colours, one colour a class, with noise; class i % labels.
LabelledCrops coloured_crops(int count, int labels = 4, int size = 32, std::uint64_t seed = 7);
/// [count, 3, size, size] as a classifier reads them.
std::vector<float> normalised(const LabelledCrops& crops, const ModelInfo& info);
/// Fraction of crops whose likeliest class is their label.
double accuracy(const Classifier& classifier, const LabelledCrops& crops);

/// Runs all steps; the test fails if one does. Gives the last loss.
double run_all(TrainingJob& job);

}  // namespace ekya::learner::testing
