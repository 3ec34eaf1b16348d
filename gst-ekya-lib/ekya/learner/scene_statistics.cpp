// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/scene_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "ekya/base/strict_json.h"

namespace ekya::learner {
namespace {

using strict_json::Fields;
using strict_json::Json;
using strict_json::Trouble;

constexpr std::size_t kMostFeatures = 4096;
constexpr double kLeastVariance = 1e-4;  // A deviation of 2.5 grey levels: sameness is no information.
constexpr std::size_t kLargestText = 1U << 20;
constexpr char kImageKind[] = "image-1";

Error wrong(const std::string& what) { return {ErrorCode::kInvalidArgument, "scene statistics: " + what}; }

constexpr int kImageFeatures = 5;
using ImageFeatures = std::array<float, kImageFeatures>;

/// Mean absolute Laplacian of the inner pixels. grey: [size, size], in [0, 1].
double sharpness(const std::vector<float>& grey, int size) {
  double sum = 0;
  for (int y = 1; y + 1 < size; ++y)
    for (int x = 1; x + 1 < size; ++x) {
      const float* at = &grey[static_cast<std::size_t>(y) * size + x];
      sum += std::abs(4 * at[0] - at[-1] - at[1] - at[-size] - at[size]);
    }
  return size > 2 ? sum / ((size - 2.0) * (size - 2.0)) : 0;
}

ImageFeatures image_features(std::span<const std::uint8_t> pixels, int size) {
  const std::size_t count = static_cast<std::size_t>(size) * size;
  std::vector<float> grey(count);
  double sum = 0, squares = 0, red = 0, blue = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const float r = pixels[3 * i] / 255.0f, g = pixels[3 * i + 1] / 255.0f, b = pixels[3 * i + 2] / 255.0f;
    grey[i] = 0.299f * r + 0.587f * g + 0.114f * b;
    sum += grey[i];
    squares += grey[i] * grey[i];
    red += r - g;
    blue += b - g;
  }
  const double n = static_cast<double>(count), mean = sum / n;
  const double contrast = std::sqrt(std::max(0.0, squares / n - mean * mean));
  return {static_cast<float>(mean), static_cast<float>(contrast), static_cast<float>(sharpness(grey, size)),
          static_cast<float>(red / n), static_cast<float>(blue / n)};
}

double feature_distance(double m1, double v1, double m2, double v2) {
  v1 = std::max(v1, kLeastVariance);
  v2 = std::max(v2, kLeastVariance);
  return (m1 - m2) * (m1 - m2) / (4 * (v1 + v2)) + std::log((v1 + v2) / (2 * std::sqrt(v1 * v2))) / 2;
}

double class_distance(const std::map<std::string, int>& a, const std::map<std::string, int>& b) {
  if (a.empty() || b.empty()) return 0;
  std::map<std::string, std::pair<double, double>> counts;
  for (const auto& [label, count] : a) counts[label].first = count;
  for (const auto& [label, count] : b) counts[label].second = count;
  double all_a = 0, all_b = 0, sum = 0;
  for (auto& [label, pair] : counts) {
    all_a += ++pair.first;
    all_b += ++pair.second;
  }
  for (const auto& [label, pair] : counts) sum += std::sqrt(pair.first * pair.second);
  return std::max(0.0, -std::log(sum / std::sqrt(all_a * all_b)));
}

std::vector<double> read_numbers(Fields& fields, const char* key, double least, Trouble& trouble) {
  std::vector<double> numbers;
  fields.array(key, [&](const Json& json, const std::string& place) {
    const double number = json.is_number() ? json.get<double>() : std::nan("");
    if (!std::isfinite(number) || number < least) trouble.add(place, "is not a finite number in its range");
    numbers.push_back(number);
  });
  return numbers;
}

SceneStatistics read_scene(const Json& json, Trouble& trouble) {
  SceneStatistics scene;
  Fields fields(json, "", trouble);
  fields.string("kind", scene.kind);
  scene.mean = read_numbers(fields, "mean", std::numeric_limits<double>::lowest(), trouble);
  scene.variance = read_numbers(fields, "variance", 0, trouble);
  if (scene.mean.empty() || scene.mean.size() > kMostFeatures || scene.mean.size() != scene.variance.size())
    trouble.add("variance", "is not as long as mean, or they are not 1 to 4096 numbers");
  fields.maybe_object("classes", [&](const Json& classes, const std::string& place) {
    if (!classes.is_object()) return trouble.add(place, "is not an object");
    for (const auto& [label, count] : classes.items()) {
      if (!count.is_number_unsigned() || count.get<std::uint64_t>() > 1'000'000'000)
        return trouble.add(place, "a count is not a whole number up to 1e9");
      scene.classes[label] = count.get<int>();
    }
  });
  return scene;
}

}  // namespace

Result<SceneStatistics> feature_statistics(std::string kind, std::span<const float> features, int width) {
  if (width < 1 || static_cast<std::size_t>(width) > kMostFeatures || features.empty() || features.size() % width != 0)
    return wrong(std::to_string(features.size()) + " numbers are no rows of " + std::to_string(width) + " features");
  if (!std::ranges::all_of(features, [](float value) { return std::isfinite(value); }))
    return wrong("a feature is not finite");
  const std::size_t columns = static_cast<std::size_t>(width), rows = features.size() / columns;
  SceneStatistics scene{std::move(kind), std::vector<double>(columns), std::vector<double>(columns), {}};
  for (std::size_t i = 0; i < features.size(); ++i) scene.mean[i % columns] += features[i] / static_cast<double>(rows);
  for (std::size_t i = 0; i < features.size(); ++i) {
    const double from_mean = features[i] - scene.mean[i % columns];
    scene.variance[i % columns] += from_mean * from_mean / static_cast<double>(rows);
  }
  return scene;
}

Result<SceneStatistics> image_statistics(const LabelledCrops& crops, std::span<const std::string> labels) {
  const std::size_t bytes = static_cast<std::size_t>(crops.size) * crops.size * 3;
  if (crops.count() == 0 || bytes == 0 || crops.pixels.size() != bytes * crops.labels.size())
    return wrong("no crops, or pixels that are not theirs");
  std::vector<float> features;
  std::map<std::string, int> classes;
  for (std::size_t i = 0; i < crops.labels.size(); ++i) {
    const int label = crops.labels[i];
    if (label < 0 || static_cast<std::size_t>(label) >= labels.size())
      return wrong("label " + std::to_string(label) + " of " + std::to_string(labels.size()));
    ++classes[labels[static_cast<std::size_t>(label)]];
    const auto row = image_features(std::span(crops.pixels).subspan(i * bytes, bytes), crops.size);
    features.insert(features.end(), row.begin(), row.end());
  }
  auto scene = feature_statistics(kImageKind, features, kImageFeatures);
  if (scene) scene->classes = std::move(classes);
  return scene;
}

double distance(const SceneStatistics& a, const SceneStatistics& b) {
  const std::size_t count = a.mean.size();
  if (a.kind != b.kind || count == 0 || count != b.mean.size() || count != a.variance.size() ||
      count != b.variance.size())
    return std::numeric_limits<double>::infinity();
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += feature_distance(a.mean[i], a.variance[i], b.mean[i], b.variance[i]);
  const double all = sum / static_cast<double>(count) + class_distance(a.classes, b.classes);
  return std::isnan(all) ? std::numeric_limits<double>::infinity() : all;  // Of variances near the largest double.
}

std::string scene_text(const SceneStatistics& scene) {
  const Json json = {
      {"kind", scene.kind}, {"mean", scene.mean}, {"variance", scene.variance}, {"classes", scene.classes}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<SceneStatistics> parse_scene(std::string_view text) {
  auto scene = strict_json::read(text, kLargestText, 3, read_scene);
  if (!scene) return wrong(scene.error().message);
  return scene;
}

}  // namespace ekya::learner
