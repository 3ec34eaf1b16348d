// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ekya/base/result.h"
#include "ekya/learner/model.h"

namespace ekya::learner {

/// What the crops of a scene look like, in few numbers: each feature as a normal distribution by itself, and how often
/// each class was there.
struct SceneStatistics {
  std::string kind;                    ///< What the features are; only equal kinds compare: "image-1", a trunk's hash.
  std::vector<double> mean;            ///< [features], finite; 1 to 4096 of them.
  std::vector<double> variance;        ///< [features], finite, >= 0.
  std::map<std::string, int> classes;  ///< Crops of each class; may be empty.
};

/// Statistics of a trunk's features. features: [count, width], row-major, count >= 1.
/// Errors: kInvalidArgument for no row, a width outside 1 to 4096, or a number that is not finite.
Result<SceneStatistics> feature_statistics(std::string kind, std::span<const float> features, int width);

/// Statistics where no trunk is at hand, kind "image-1": brightness, contrast (deviation), sharpness (mean absolute
/// Laplacian), red less green and blue less green of each crop, where a pixel is in [0, 1]; and the classes, named by
/// `labels`. Cost: one pass over the pixels. Errors: kInvalidArgument for no crop or a label out of range.
Result<SceneStatistics> image_statistics(const LabelledCrops& crops, std::span<const std::string> labels);

/// Bhattacharyya distance, >= 0, of two scenes: the mean over the features of
///   (m1 - m2)^2 / (4 (v1 + v2)) + ln((v1 + v2) / (2 sqrt(v1 v2))) / 2,   v no less than 1e-4,
/// plus -ln sum sqrt(p1 p2) over the classes, where p has one crop more of each class than were seen; 0 when one of the
/// scenes has no classes. Infinite for different kinds. Symmetric; independent of a feature's scale.
/// Source: A. Bhattacharyya, 1943; T. Kailath, IEEE Trans. Communication Technology 15(1), 1967.
double distance(const SceneStatistics& a, const SceneStatistics& b);

/// As JSON, and back. Errors: kInvalidArgument naming the place.
std::string scene_text(const SceneStatistics& scene);
Result<SceneStatistics> parse_scene(std::string_view text);

}  // namespace ekya::learner
