// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace ekya::scene {

/// A way across the picture. Units are those of the scene: 360 from top to bottom.
struct Lane {
  double y = 0;               ///< Of the ground line, downwards.
  double scale = 1;           ///< Of what moves there: nearer is larger.
  double speed = 100;         ///< A second; negative goes to the left.
  std::uint32_t kinds = ~0u;  ///< Bit i: objects of class i (below 32) may go here.
};

/// What decides an object: its class, and the number that all of its looks follow from.
struct Arrival {
  int label = 0;
  std::uint64_t seed = 0;
  double length = 0;  ///< Before the lane's scale.
};

struct Mover {
  std::uint64_t id = 0;  ///< Never used again.
  Arrival object;
  int lane = 0;
  double since = 0;  ///< Seconds: when its front enters the picture.
  double until = 0;  ///< When its rear has left.
};

/// Keeps a fixed number of objects on their way: one that leaves makes room for a new one, which enters where and as
/// soon as a lane is free. All objects of a lane go at its speed, so they do not run into each other.
/// Everything follows from the seed, the arrivals and the time. Not thread-safe.
class Traffic {
 public:
  struct Options {
    std::uint64_t seed = 1;
    int objects = 5;
    double width = 640;  ///< Of the picture.
    double margin = 40;  ///< They start and end so far outside of it.
    std::vector<Lane> lanes;
  };
  /// Decides object `id`, which begins its way at `seconds`. A pure function of its arguments.
  using Decide = std::function<Arrival(std::uint64_t id, double seconds)>;

  Traffic(Options options, Decide decide);

  /// The objects on their way at that time, farthest lane first. Going back in time starts again from 0.
  /// Cost: O(objects) a call and an arrival.
  const std::vector<Mover>& at(double seconds);

  /// Of the rear end, in the scene's units from the left.
  double x(const Mover& mover, double seconds) const;
  const std::vector<Lane>& lanes() const { return options_.lanes; }

 private:
  void restart();
  Mover enter(double seconds, bool anywhere);
  int choose_lane(const Arrival& object, double seconds, std::uint64_t id) const;

  Options options_;
  Decide decide_;
  std::vector<Mover> movers_;
  std::vector<double> free_;  ///< [lanes], when the next object may enter.
  std::uint64_t next_id_ = 1;
  double now_ = 0;
};

}  // namespace ekya::scene
