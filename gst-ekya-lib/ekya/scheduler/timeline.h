// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <vector>

#include "ekya/scheduler/assignment.h"
#include "ekya/scheduler/auction.h"
#include "ekya/scheduler/window_model.h"

namespace ekya::scheduler {

/// Plays a window in which jobs and live inference bid for the devices (auction.h), and tells what it is worth.
///
/// When a job ends, all is handed out anew. The price that a job bids, accuracy seconds for a second of work, is
/// constant: by Pontryagin's maximum principle the shadow price of the work left does not change while the job runs,
/// and what the devices are worth a second, bids included, does not change when it ends. So the prices follow from the
/// order in which jobs end, from the last job backwards: before it ends, its bid makes up for what the window gains by
/// its end. With a linear curve and one job at a time that is the share which loses the least accuracy for a second of
/// work; with measured curves it runs jobs side by side as far as that pays.
///
/// Cost of a run: O(jobs) auctions, times a small number of Newton steps. Not thread-safe.
class Timeline {
 public:
  explicit Timeline(const WindowModel& model);
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  /// A moment at which shares change, and what each stream has from then on.
  struct Moment {
    double begin_s = 0;
    std::vector<int> rung;          ///< [streams], of its Ladder.
    std::vector<double> job_share;  ///< [streams], in devices.
    double price = 0;               ///< What one more device would be worth, mean over the devices by capacity.
  };

  /// Plays `streams` on `devices`; an assignment of those streams names no other device. `order` holds the streams with
  /// a job, in the order in which they are expected to end; afterwards in the order in which they do. Notes each moment
  /// in `moments` where that is given. Returns the weighted accuracy, summed over these streams and integrated over the
  /// window, in seconds.
  double run(const Assignment& assignment, const std::vector<int>& streams, const std::vector<int>& devices,
             std::vector<int>& order, bool thorough, std::vector<Moment>* moments = nullptr);

  /// Of the last run, [streams]: accuracy integrated over the window, in seconds; when each job ended, infinite: not.
  const std::vector<double>& accuracy_s() const { return accuracy_s_; }
  const std::vector<double>& end_s() const { return end_s_; }
  /// Of the last run, [devices]: what one more device would be worth, integrated over the window.
  const std::vector<double>& margin_s() const { return margin_s_; }

 private:
  const WindowModel::Option& option_of(int job) const;
  Auction& home_of(int stream) { return auctions_[assignment_->device[stream]]; }
  Auction& place_of(int job) { return auctions_[assignment_->job_device[job]]; }
  void set_accuracy(int stream, double accuracy);
  void end_all();
  void set_prices(const std::vector<int>& order);
  double price_of(int job, double target);
  void play(const std::vector<int>& devices, std::vector<Moment>* moments);
  void pass(double seconds, const std::vector<int>& devices);
  void end_job(int job, double now);
  double mean_margin(const std::vector<int>& devices) const;

  const WindowModel& model_;
  Allotment allotment_;
  std::deque<Auction> auctions_;  ///< [devices]
  const Assignment* assignment_ = nullptr;
  const std::vector<int>* streams_ = nullptr;
  bool thorough_ = false;
  std::vector<char> changed_;               ///< [devices], to be allotted anew.
  std::vector<double> accuracy_;            ///< [streams], of the live model.
  std::vector<double> work_;                ///< [streams], device-seconds left of its job.
  std::vector<double> accuracy_s_, end_s_;  ///< [streams]
  std::vector<double> margin_s_;            ///< [devices]
};

}  // namespace ekya::scheduler
