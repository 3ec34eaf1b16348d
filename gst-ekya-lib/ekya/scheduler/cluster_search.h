// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <initializer_list>
#include <vector>

#include "ekya/scheduler/assignment.h"
#include "ekya/scheduler/timeline.h"

namespace ekya::scheduler {

/// Improves an assignment on some devices, whose streams use no other, by changes of one stream at a time: its
/// retraining config and the job's device, its inference's device, the order in which jobs end; with few streams also
/// the configs of two together. A change is judged by the timeline of what it can touch: the devices that are linked to
/// its own by streams. Every plan seen holds as many floors as the first, so the result does. Cost: O(streams ·
/// options) timelines a sweep, a few sweeps.
class ClusterSearch {
 public:
  /// `order` holds all jobs in the order in which they end; both are improved in place.
  ClusterSearch(const WindowModel& model, Timeline& timeline, Assignment& assignment, std::vector<int>& order);

  void improve(const std::vector<int>& devices);

 private:
  /// Worth of an assignment, in weighted accuracy seconds, and the order in which its jobs end.
  struct Played {
    double worth = 0;
    std::vector<int> order;
  };

  void choose(const std::vector<int>& devices);
  void sweep();
  Played play(std::vector<int> order);
  Played glance(std::vector<int> order, std::initializer_list<int> seeds);
  void find_part(std::initializer_list<int> seeds);
  bool accept(const Played& best);
  bool improve_job(int stream);
  bool improve_home(int stream);
  bool improve_order();
  bool improve_pair(int first, int second);
  double urgency(int job) const;
  std::vector<int> order_with(const std::vector<int>& order, int stream) const;
  std::vector<int> roomy_devices(int stream) const;
  void move_home(int stream, int device);

  const WindowModel& model_;
  Timeline& timeline_;
  Assignment& plan_;
  std::vector<int>& order_;
  std::vector<int> devices_, streams_;  ///< Of this cluster.
  bool thorough_ = false;
  Played current_;
  std::vector<double> stream_worth_;  ///< [all streams], in the current plan.
  std::vector<int> part_devices_, part_streams_, part_order_;
  std::vector<char> reached_, touched_;  ///< [all devices], [all streams]
};

}  // namespace ekya::scheduler
