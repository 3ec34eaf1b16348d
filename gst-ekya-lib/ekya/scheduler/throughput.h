// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/problem.h"

namespace ekya::scheduler {

/// Speed of a retraining job by its share: the least concave curve above the measured points and the origin, since a
/// job that alternates between two shares reaches every speed on the line between them. Flat after the last point;
/// linear, speed = share, where nothing was measured.
class Throughput {
 public:
  /// A straight piece of the curve, from the origin outwards.
  struct Piece {
    double width = 0;  ///< In devices.
    double slope = 0;  ///< Speed per device; falls from piece to piece.
  };

  Throughput() : Throughput(std::vector<CurvePoint>{}) {}
  explicit Throughput(const std::vector<CurvePoint>& measured);

  double speed(double share) const;
  /// Smallest share of that speed; infinite where no share reaches it.
  double share(double speed) const;
  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  std::vector<Piece> pieces_;
};

}  // namespace ekya::scheduler
