// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <Eigen/Core>

#include "ekya/base/result.h"

namespace ekya::profiler {

/// The x >= 0 that makes |a x - b| least. a: [rows, columns], b: [rows]; gives [columns]. Where columns depend on each
/// other there are many such x, and it is one of them.
/// Errors: kInvalidArgument if there is no row or column, the rows differ or an entry is not finite; kInternal if the
/// active set has not settled after 10 changes a column.
/// Cost: a QR factorisation of the columns in use for each change of the active set. Thread-safe.
/// Source: Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23.
Result<Eigen::VectorXd> nnls(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);

}  // namespace ekya::profiler
