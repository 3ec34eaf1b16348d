// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/window_model.h"

namespace ekya::scheduler {

/// What streams have at one moment. Each [streams].
struct Allotment {
  std::vector<int> rung;      ///< Of the stream's Ladder.
  std::vector<double> share;  ///< Of its job, in devices.
  std::vector<double> speed;  ///< Of its job.
  std::vector<char> started;  ///< Whether its job has begun: it holds its memory until it ends.
};

/// One device, whose capacity goes to the highest bids: steps of inference bid the accuracy that they add, jobs their
/// price times the speed that a share adds. Steps are whole, shares of jobs are not.
///
/// A step that does not fit takes the place of jobs where these are worth less. `thorough` looks at all changes of one
/// or two streams in the end, which few streams need, since their steps are wide. Cost: allot() O(steps + pieces);
/// thorough O(streams² · rungs²) a change.
class Auction {
 public:
  Auction(const WindowModel& model, int device, Allotment& allotment);
  Auction(const Auction&) = delete;
  Auction& operator=(const Auction&) = delete;

  void clear();
  void add_labelling(double share) { free_ -= share; }
  void add_stream(int stream);
  /// The stream's inference bids with this accuracy of its student from now on; its a_min, if any, is held without a
  /// bid.
  void set_accuracy(int stream, double accuracy, double floor);
  /// A job bids; `price` is weighted accuracy times seconds for a second of work.
  void add_job(int job, double price, const WindowModel::Option& option);
  void remove_job(int job);
  /// The job has begun and takes its memory, where that is free.
  void start(int job);

  void allot(bool thorough);

  /// Of the last allot(): weighted accuracy of the inference; that and what the jobs bid for their shares; what one
  /// more device would be worth.
  double rate() const { return rate_; }
  double worth() const { return rate_ + bids_; }
  double margin() const { return margin_; }
  /// Weighted accuracy that floors hold, and what is free above them.
  double floor_rate() const { return floor_rate_; }
  double free() const { return free_; }

 private:
  struct Step {
    double density;  ///< Weighted accuracy a device.
    double width;    ///< In devices.
    double gain;     ///< Weighted accuracy.
    int stream;
    int rung;
  };
  struct Piece {
    double density;
    double width;
    double slope;  ///< Speed a device.
    int job;
    double memory_mb;
  };
  /// Of streams' rungs.
  struct Change {
    int stream = -1, rung = 0;
    double width = 0, gain = 0;
  };

  void choose_steps();
  void admit_jobs();
  double bids_for(double capacity) const;
  void serve_jobs();
  void fill();
  double relaxed(std::size_t first, double left) const;
  void branch(std::size_t k, double left, double worth);
  void search();
  Change change(int stream, int rung) const;
  void make(const Change& change);

  const WindowModel& model_;
  const WindowModel::DeviceModel& device_;
  Allotment& allotment_;
  const bool has_memory_limit_;
  double free_ = 0, floor_rate_ = 0;
  double rate_ = 0, bids_ = 0, margin_ = 0;
  double used_ = 0;       ///< Of the free capacity, by inference.
  double memory_mb_ = 0;  ///< Of the jobs that have begun.
  std::vector<int> streams_;
  std::vector<int> base_;                    ///< [all streams], rung that the floor holds.
  std::vector<double> accuracy_;             ///< [all streams], weighted.
  std::vector<char> blocked_;                ///< [all streams]
  std::vector<Step> steps_;                  ///< Falling density.
  std::vector<Piece> pieces_;                ///< Falling density.
  std::vector<std::size_t> rank_;            ///< [all streams], place in streams_.
  double best_worth_ = 0;                    ///< Found by search().
  std::vector<int> best_rung_, tried_rung_;  ///< [streams_]
  int nodes_ = 0;
  const std::vector<Piece>* bidders_ = &pieces_;  ///< Pieces of jobs whose memory fits.
  std::vector<Piece> admitted_;
  std::vector<Step> steps_scratch_;
  std::vector<Piece> pieces_scratch_;
};

}  // namespace ekya::scheduler
