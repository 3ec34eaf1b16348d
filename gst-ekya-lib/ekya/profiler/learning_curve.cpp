// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/learning_curve.h"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "ekya/profiler/nnls.h"

namespace ekya::profiler {
namespace {

constexpr int kRates = 65;
constexpr double kEarliest = 0.3;
constexpr double kLogSlowest = -2, kLogFastest = 2;

bool usable(const CurvePoint& point) {
  return std::isfinite(point.passes) && point.passes >= 0 && point.accuracy >= 0 && point.accuracy <= 1 &&
         point.labels >= 1;
}

/// The error that so many labels show, pulled towards a half as by one more right and one more wrong: so that neither
/// all right nor all wrong counts as certain.
double smoothed_error(const CurvePoint& point) {
  return ((1 - point.accuracy) * point.labels + 1) / (point.labels + 2.0);
}

/// Where the curve is believed to end: no worse than it starts, since it cannot fall.
double final_error(const CurvePrior& prior, double start) {
  return prior.final_error >= 0 ? std::min(prior.final_error, 0.95 * start) : prior.left * start;
}

double final_error_sd(const CurvePrior& prior, double start) {
  const double relative = prior.left_sd * start;
  return prior.final_error >= 0 ? std::min(relative, prior.final_error_sd) : relative;
}

/// Weight of a point by its age: momentum takes its first steps slower than the curve, so the first points say less of
/// where it ends.
double recency(double passes, double latest) {
  return latest > 0 ? kEarliest + (1 - kEarliest) * (passes / latest) : 1;
}

/// Weighted rows of error = a / (1 + r k) + b2, one a point; the last one is the prior of b2.
struct System {
  Eigen::MatrixXd a;
  Eigen::VectorXd b;
};

System system_of(std::span<const CurvePoint> points, double rate, double left, double left_sd) {
  const auto count = static_cast<Eigen::Index>(points.size());
  double latest = 0;
  for (const CurvePoint& point : points) latest = std::max(latest, point.passes);
  System system{Eigen::MatrixXd(count + 1, 2), Eigen::VectorXd(count + 1)};
  for (Eigen::Index i = 0; i < count; ++i) {
    const CurvePoint& point = points[static_cast<std::size_t>(i)];
    const double error = smoothed_error(point), labels = point.labels * recency(point.passes, latest);
    const double weight = std::sqrt(labels / (error * (1 - error)));
    system.a.row(i) << weight / (1 + rate * point.passes), weight;
    system.b(i) = weight * (1 - point.accuracy);
  }
  system.a.row(count) << 0, 1 / left_sd;
  system.b(count) = left / left_sd;
  return system;
}

std::vector<CurvePoint> usable_points(std::span<const CurvePoint> points) {
  std::vector<CurvePoint> kept;
  std::copy_if(points.begin(), points.end(), std::back_inserter(kept), usable);
  return kept;
}

}  // namespace

/// Finds (a, b2) at the term's rate; gives the squared misfit, infinity where there is no solution.
double LearningCurve::fit(std::span<const CurvePoint> points, const CurvePrior& prior, double start, Term& term) {
  const System system = system_of(points, term.rate, final_error(prior, start), final_error_sd(prior, start));
  const auto solution = nnls(system.a, system.b);
  if (!solution) return std::numeric_limits<double>::infinity();
  term.removable = (*solution)(0);
  term.left = (*solution)(1);
  // Errors lie in [0, 1]: a and b2 are known to within one before any point.
  const Eigen::Matrix2d information = system.a.transpose() * system.a + Eigen::Matrix2d::Identity();
  const Eigen::Matrix2d covariance = information.inverse();
  term.covariance = {covariance(0, 0), covariance(0, 1), covariance(1, 1)};
  return (system.a * *solution - system.b).squaredNorm();
}

LearningCurve::LearningCurve(std::span<const CurvePoint> all, const CurvePrior& prior) {
  const std::vector<CurvePoint> points = usable_points(all);
  if (points.empty()) return;
  const auto first =
      std::min_element(points.begin(), points.end(), [](const auto& x, const auto& y) { return x.passes < y.passes; });
  double least = std::numeric_limits<double>::infinity(), sum = 0;
  for (int i = 0; i < kRates; ++i) {
    Term term;
    const double log_rate = kLogSlowest + (kLogFastest - kLogSlowest) * i / (kRates - 1);
    const double surprise = (log_rate - prior.log_rate) / prior.log_rate_sd;
    term.rate = std::pow(10, log_rate);
    term.weight = fit(points, prior, smoothed_error(*first), term) + surprise * surprise;
    least = std::min(least, term.weight);
    if (std::isfinite(term.weight)) terms_.push_back(term);
  }
  for (Term& term : terms_) sum += term.weight = std::exp((least - term.weight) / 2);
  for (Term& term : terms_) term.weight /= sum;
  for (const CurvePoint& point : points) labels_ = std::max(labels_, static_cast<double>(point.labels));
}

Prediction LearningCurve::at(double passes) const {
  if (terms_.empty()) return {};
  passes = passes > 0 ? passes : 0;
  double mean = 0, square = 0, within = 0;
  for (const Term& term : terms_) {
    const double part = 1 / (1 + term.rate * passes);
    const double error = std::clamp(term.removable * part + term.left, 0.0, 1.0);
    mean += term.weight * error;
    square += term.weight * error * error;
    within += term.weight * (part * part * term.covariance[0] + 2 * part * term.covariance[1] + term.covariance[2]);
  }
  const double seen = (mean * labels_ + 1) / (labels_ + 2);
  const double variance = std::max(0.0, square - mean * mean) + std::max(0.0, within) + seen * (1 - seen) / labels_;
  return {1 - mean, std::min(0.5, std::sqrt(variance))};
}

double LearningCurve::log_rate() const {
  double mean = 0;
  for (const Term& term : terms_) mean += term.weight * std::log10(term.rate);
  return mean;
}

}  // namespace ekya::profiler
