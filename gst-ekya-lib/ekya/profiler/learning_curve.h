// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <span>
#include <vector>

namespace ekya::profiler {

/// An accuracy that was measured while a model trained.
struct CurvePoint {
  double passes = 0;    ///< k: samples trained on so far, in full training sets (epochs × data fraction); >= 0.
  double accuracy = 0;  ///< On held-back labels, in [0, 1].
  int labels = 0;       ///< So many, >= 1: fewer weigh less.
};

/// What is believed of a curve before its points: the error that is left after endless training, and the base-10
/// logarithm of the rate b0/b1.
struct CurvePrior {
  double final_error = -1;  ///< Where earlier trainings ended, in [0, 1]; negative: not known, then `left` holds.
  double left = 0.6;        ///< As a part of the error at the first point.
  double left_sd = 0.3;     ///< Of `left`; of final_error the same, but at most final_error_sd.
  double final_error_sd = 0.1;
  double log_rate = 0.5, log_rate_sd = 0.6;
};

struct Prediction {
  double accuracy = 0.5;  ///< In [0, 1].
  double sd = 0.5;        ///< Standard deviation of its error, in [0, 0.5].
};

/// The learning curve accuracy(k) = 1 - (1 / (b0 k + b1) + b2) with b0, b1, b2 >= 0, fitted to all points.
///
/// Written as error(k) = a / (1 + r k) + b2 with a = 1/b1 and r = b0/b1 it is linear in (a, b2), and non-negative least
/// squares weighted by the binomial noise of each point solve it for each r of a grid. Later points weigh up to three
/// times more: training starts slower than the curve, and it is the end that is asked for. What is predicted is the
/// mean over r, each weighted by its likelihood and prior; so few points give a cautious curve with a wide error, not
/// one of many that fit. The error holds the spread over r, that of (a, b2), and the noise of the labels, which does
/// not average out: the points share their labels.
///
/// Points that are not finite or out of range are left out; no point at all gives 0.5 ± 0.5. A falling curve is fitted
/// by a constant. Everything that comes out is finite. Cost: 65 solves of [points + 1, 2].
/// Immutable.
/// Source: Ekya (NSDI 2022, section 4.3), the curve is Optimus' (Peng et al., EuroSys 2018, section 3.1); separation of
/// the linear part: Golub and Pereyra 1973; docs/algorithms/micro-profiling.md.
class LearningCurve {
 public:
  LearningCurve() = default;
  explicit LearningCurve(std::span<const CurvePoint> points, const CurvePrior& prior = {});

  /// After k passes; what is negative or NaN counts as 0, infinity is the end.
  Prediction at(double passes) const;
  /// Mean of the base-10 logarithm of b0/b1.
  double log_rate() const;

 private:
  struct Term {
    double rate = 1, weight = 0;         ///< Weights sum to 1.
    double removable = 0, left = 0;      ///< a and b2.
    std::array<double, 3> covariance{};  ///< Of (a, b2): var a, covariance, var b2.
  };
  static double fit(std::span<const CurvePoint> points, const CurvePrior& prior, double start, Term& term);

  std::vector<Term> terms_;
  double labels_ = 0;  ///< Of the point with the most.
};

}  // namespace ekya::profiler
