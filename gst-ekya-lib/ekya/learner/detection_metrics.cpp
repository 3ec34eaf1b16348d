// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/detection_metrics.h"

#include <algorithm>

#include "ekya/learner/box.h"

namespace ekya::learner {
namespace {

constexpr int kRecallSteps = 100;

struct Judged {
  float confidence = 0;
  bool hit = false;
};

/// Of one class: all images' detections, and how many truth boxes there are.
struct ClassResult {
  std::vector<Judged> detections;
  int truths = 0;
};

std::vector<Detection> most_confident(const DetectionResult& image, int label) {
  std::vector<Detection> found;
  for (const Detection& d : image.found)
    if (d.label == label) found.push_back(d);
  std::ranges::stable_sort(found, std::ranges::greater{}, &Detection::confidence);
  if (found.size() > kMostCounted) found.resize(kMostCounted);
  return found;
}

/// Index of the free truth box of largest IoU, of several the last one, or -1.
int best_match(const Detection& detection, const std::vector<LabelledBox>& truth, const std::vector<bool>& taken,
               double iou_threshold) {
  double best = std::min(iou_threshold, 1 - 1e-10);
  int match = -1;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (taken[i] || truth[i].label != detection.label) continue;
    const double overlap = iou(detection, truth[i]);
    if (overlap < best) continue;
    best = overlap;
    match = static_cast<int>(i);
  }
  return match;
}

void judge(const DetectionResult& image, int label, double iou_threshold, ClassResult& result) {
  std::vector<bool> taken(image.truth.size(), false);
  for (const Detection& detection : most_confident(image, label)) {
    const int match = best_match(detection, image.truth, taken, iou_threshold);
    if (match >= 0) taken[static_cast<std::size_t>(match)] = true;
    result.detections.push_back({detection.confidence, match >= 0});
  }
  result.truths += static_cast<int>(std::ranges::count(image.truth, label, &LabelledBox::label));
}

ClassResult judge_all(std::span<const DetectionResult> images, int label, double iou_threshold) {
  ClassResult result;
  for (const DetectionResult& image : images) judge(image, label, iou_threshold, result);
  return result;
}

struct CurvePoint {
  double recall, precision;
};

/// By rising recall, with the precision made monotone: at each point the highest there or further on.
std::vector<CurvePoint> curve(ClassResult& result) {
  std::ranges::stable_sort(result.detections, std::ranges::greater{}, &Judged::confidence);
  std::vector<CurvePoint> points;
  int hits = 0;
  for (const Judged& detection : result.detections) {
    hits += detection.hit;
    points.push_back({static_cast<double>(hits) / result.truths, hits / (static_cast<double>(points.size()) + 1)});
  }
  for (std::size_t i = points.size(); i-- > 1;)
    points[i - 1].precision = std::max(points[i - 1].precision, points[i].precision);
  return points;
}

double area_under(const std::vector<CurvePoint>& points) {
  double sum = 0;
  for (int i = 0; i <= kRecallSteps; ++i) {
    const double recall = i == kRecallSteps ? 1 : i * (1.0 / kRecallSteps);  // As numpy.linspace rounds.
    const auto at = std::ranges::lower_bound(points, recall, {}, &CurvePoint::recall);
    if (at != points.end()) sum += at->precision;
  }
  return sum / (kRecallSteps + 1);
}

/// Over the values that are there; -1 without one.
double mean_of_known(const std::vector<double>& values) {
  double sum = 0;
  int known = 0;
  for (const double value : values)
    if (value >= 0) sum += value, ++known;
  return known > 0 ? sum / known : -1;
}

double ratio(int part, int whole) { return whole > 0 ? static_cast<double>(part) / whole : 0; }

}  // namespace

AveragePrecision average_precision(std::span<const DetectionResult> images, int labels, double iou_threshold) {
  AveragePrecision result;
  for (int label = 0; label < labels; ++label) {
    ClassResult judged = judge_all(images, label, iou_threshold);
    result.of_class.push_back(judged.truths > 0 ? area_under(curve(judged)) : -1);
  }
  result.mean = mean_of_known(result.of_class);
  return result;
}

double DetectionCounts::precision() const { return ratio(hits, hits + extra); }
double DetectionCounts::recall() const { return ratio(hits, hits + missed); }
double DetectionCounts::f1() const { return ratio(2 * hits, 2 * hits + extra + missed); }

DetectionScore score_detections(std::span<const DetectionResult> images, int labels, double iou_threshold,
                                double confidence) {
  DetectionScore score;
  std::vector<double> f1;
  for (int label = 0; label < labels; ++label) {
    const ClassResult judged = judge_all(images, label, iou_threshold);
    DetectionCounts counts;
    // A weaker detection never takes a truth box from a stronger one, so the threshold may come after the matching.
    for (const Judged& detection : judged.detections)
      if (detection.confidence >= confidence) ++(detection.hit ? counts.hits : counts.extra);
    counts.missed = judged.truths - counts.hits;
    f1.push_back(judged.truths > 0 ? counts.f1() : -1);
    score.of_class.push_back(counts);
    score.all.hits += counts.hits;
    score.all.extra += counts.extra;
    score.all.missed += counts.missed;
  }
  score.mean_f1 = mean_of_known(f1);
  return score;
}

}  // namespace ekya::learner
