// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/nnls.h"

#include <Eigen/QR>
#include <algorithm>
#include <limits>
#include <vector>

namespace ekya::profiler {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The columns that may be above zero, in the order in which they came in.
using Passive = std::vector<Index>;

/// The column outside the passive set whose increase helps most; -1: none helps by more than `tolerance`.
Index most_helpful(const VectorXd& gradient, const Passive& passive, const std::vector<bool>& barred,
                   double tolerance) {
  Index best = -1;
  for (Index j = 0; j < gradient.size(); ++j) {
    if (barred[static_cast<std::size_t>(j)] || std::find(passive.begin(), passive.end(), j) != passive.end()) continue;
    if (gradient(j) > tolerance && (best < 0 || gradient(j) > gradient(best))) best = j;
  }
  return best;
}

/// Least squares over the passive columns; zero elsewhere.
VectorXd solve(const MatrixXd& a, const VectorXd& b, const Passive& passive) {
  const VectorXd part = MatrixXd(a(Eigen::all, passive)).colPivHouseholderQr().solve(b);
  VectorXd x = VectorXd::Zero(a.cols());
  for (std::size_t i = 0; i < passive.size(); ++i) x(passive[i]) = part(static_cast<Index>(i));
  return x;
}

/// Goes from x towards `target` until the first passive entry reaches zero; those at zero leave the passive set.
void move_towards(const VectorXd& target, VectorXd& x, Passive& passive) {
  double step = 1;
  for (const Index j : passive)
    if (target(j) <= 0) step = std::min(step, x(j) / (x(j) - target(j)));
  VectorXd next = x + step * (target - x);
  std::erase_if(passive, [&](Index j) {
    const bool at_zero = target(j) <= 0 && next(j) <= 1e-14 * std::max(1.0, x(j));
    if (at_zero) next(j) = 0;
    return at_zero;
  });
  x = next;
}

}  // namespace

Result<VectorXd> nnls(const MatrixXd& a, const VectorXd& b) {
  if (a.size() == 0 || a.rows() != b.size() || !a.allFinite() || !b.allFinite())
    return Error{ErrorCode::kInvalidArgument, "least squares need as many finite rows on both sides, and a column"};
  const double tolerance = 10 * std::numeric_limits<double>::epsilon() * static_cast<double>(a.rows()) *
                           a.cwiseAbs().maxCoeff() * b.cwiseAbs().maxCoeff();
  VectorXd x = VectorXd::Zero(a.cols());
  Passive passive;
  std::vector<bool> barred(static_cast<std::size_t>(a.cols()));
  for (Index change = 0; change < 10 * a.cols(); ++change) {
    const Index enters = most_helpful(a.transpose() * (b - a * x), passive, barred, tolerance);
    if (enters < 0) return x;
    passive.push_back(enters);
    VectorXd target = solve(a, b, passive);
    if (target(enters) <= 0) {  // Rounding called it helpful.
      passive.pop_back();
      barred[static_cast<std::size_t>(enters)] = true;
      continue;
    }
    std::fill(barred.begin(), barred.end(), false);
    while (!passive.empty() && target(passive).minCoeff() <= 0) {
      move_towards(target, x, passive);
      if (!passive.empty()) target = solve(a, b, passive);
    }
    x = passive.empty() ? VectorXd::Zero(a.cols()) : target;
  }
  return Error{ErrorCode::kInternal, "non-negative least squares did not settle"};
}

}  // namespace ekya::profiler
