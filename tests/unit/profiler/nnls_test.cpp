// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/nnls.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <limits>

#include "ekya/base/random.h"

namespace ekya::profiler {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd matrix(std::initializer_list<std::initializer_list<double>> rows) { return MatrixXd(rows); }

VectorXd vector(std::initializer_list<double> values) {
  VectorXd v(static_cast<Eigen::Index>(values.size()));
  std::copy(values.begin(), values.end(), v.data());
  return v;
}

struct Case {
  MatrixXd a;
  VectorXd b, x;
  double norm;
};

// scipy 1.17: scipy.optimize.nnls(a, b).
TEST(Nnls, FindsWhatScipyFinds) {
  const Case rows[]{
      {matrix({{1, 2}, {3, 4}, {5, 6}}), vector({1, -2, 3}), vector({0.2857142857142857, 0}), 3.3380918415851206},
      {matrix({{1, 0, 2}, {0, 3, 1}, {2, 1, 0}, {1, 1, 1}}), vector({1, 2, 3, -4}),
       vector({0.31578947368421056, 0.368421052631579, 0}), 5.216370991004136},
      {matrix({{0.5, 1.2, -0.7}, {2.1, -0.4, 0.9}, {-1.3, 0.8, 1.6}, {0.2, 1.9, 0.3}, {1.1, -1.5, 0.6}}),
       vector({0.9, 1.7, -0.2, 2.4, -0.8}), vector({0.8455275443881397, 1.0135220091854853, 0.21373214485069733}),
       0.7765054500024673},
      {matrix({{0.0, 0.3, -0.27, -0.89, -0.45},
               {-0.99, 0.06, 1.34, -0.49, -0.62},
               {0.49, 0.36, 0.11, -0.93, -0.03},
               {0.7, -1.34, -0.46, -1.9, -1.29},
               {-1.84, -0.24, -1.27, 0.27, 0.16},
               {-0.19, -2.52, -0.54, -0.05, 0.11}}),
       vector({-1.53, -0.48, -0.98, -0.81, 1.06, -0.81}), vector({0, 0.062552292889558, 0, 0.76137871370358, 0}),
       1.5843447440586023}};
  for (const Case& row : rows) {
    const auto x = nnls(row.a, row.b);
    ASSERT_TRUE(x) << x.error().message;
    EXPECT_LT((*x - row.x).norm(), 1e-12) << *x;
    EXPECT_NEAR((row.a * *x - row.b).norm(), row.norm, 1e-12);
  }
}

TEST(Nnls, IsLeastSquaresWhereThatIsNotNegative) {
  const auto x = nnls(matrix({{2, 0}, {0, 4}}), vector({6, 8}));
  ASSERT_TRUE(x);
  EXPECT_NEAR((*x)(0), 3, 1e-12);
  EXPECT_NEAR((*x)(1), 2, 1e-12);
}

TEST(Nnls, IsZeroWhereEachColumnPointsAway) {
  const auto x = nnls(matrix({{1, 2}, {3, 4}}), vector({-1, -1}));
  ASSERT_TRUE(x);
  EXPECT_EQ(x->norm(), 0);
}

TEST(Nnls, TakesEqualColumnsForWhatTheyGiveTogether) {
  const auto x = nnls(MatrixXd::Ones(3, 2), vector({1, 2, 3}));
  ASSERT_TRUE(x);
  EXPECT_NEAR(x->sum(), 2, 1e-12);
  EXPECT_GE(x->minCoeff(), 0);
}

// x solves it if and only if x >= 0, the gradient aᵀ(b - ax) <= 0, and one of the two is 0 in each entry.
TEST(Nnls, MeetsTheOptimalityConditionsOnRandomProblems) {
  Random random(5);
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE(round);
    const int rows = 1 + random.below(8), columns = 1 + random.below(8);
    MatrixXd a(rows, columns);
    VectorXd b(rows);
    for (double& entry : a.reshaped()) entry = random.normal();
    for (double& entry : b.reshaped()) entry = random.normal();
    const auto x = nnls(a, b);
    ASSERT_TRUE(x) << x.error().message;
    const VectorXd gradient = a.transpose() * (b - a * *x);
    EXPECT_GE(x->minCoeff(), 0);
    EXPECT_LT(gradient.maxCoeff(), 1e-9);
    EXPECT_LT(gradient.cwiseProduct(*x).cwiseAbs().maxCoeff(), 1e-9 * (1 + x->norm()));
  }
}

TEST(Nnls, RefusesWhatIsNoProblem) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(nnls(MatrixXd(0, 2), VectorXd(0)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(nnls(MatrixXd::Ones(2, 2), VectorXd::Ones(3)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(nnls(MatrixXd::Constant(2, 2, nan), VectorXd::Ones(2)).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace ekya::profiler
