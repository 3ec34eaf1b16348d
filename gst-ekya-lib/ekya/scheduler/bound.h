// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "ekya/scheduler/window_model.h"

namespace ekya::scheduler {

/// What capacity is worth over time: price k, in weighted accuracy for one device, holds from begin_s[k] to begin_s[k +
/// 1] or the window's end. begin_s[0] is 0 and they ascend; prices are >= 0.
struct CapacityPrices {
  std::vector<double> begin_s;
  std::vector<double> price;
};

/// An upper bound on the weighted mean accuracy of every plan for the window, by Lagrangian relaxation of the capacity.
///
/// With a price on capacity the streams no longer meet: each alone chooses its config, when its job ends, in which of
/// the cheapest moments before that it does its work, and at each moment the inference that is worth its price. The sum
/// of what they make of that, and the price of all capacity, is at least what any plan reaches, whatever the prices;
/// subgradient steps look for the prices of the lowest such sum. Relaxed beside the capacity: steps of inference may be
/// taken in part, jobs may move between devices, and memory and floors are not looked at. Cost of one evaluation:
/// O(streams · options · cells² · pieces of the curve). Source: Lagrangian duality; step length by Polyak (1969).
class UpperBound {
 public:
  /// `labelling` is what labelling holds on all devices, in devices.
  UpperBound(const WindowModel& model, double labelling);

  /// The bound that these prices give, in [0, 1].
  double at(const CapacityPrices& prices);
  /// The lowest bound of `steps` subgradient steps from these prices; `reached` is the mean accuracy of a known plan.
  double tighten(CapacityPrices prices, double reached, int steps);

 private:
  struct Cell {
    double begin, length, price;
  };
  /// A piece of the curve in one cell, in which a job may work.
  struct Slot {
    double cost;  ///< Weighted accuracy for a second of work.
    int cell;
    double from, width;  ///< Shares that it covers, in devices.
    double slope;        ///< Speed a device.
  };
  /// Work done in the cheapest slots.
  struct Work {
    double cost = 0;
    double dearest = 0;  ///< Cost of the last slot that is used.
  };
  /// When a job ends, and what its stream is then worth.
  struct JobEnd {
    double worth;
    int cell;
    double into;  ///< Seconds from the cell's begin.
  };

  void set_cells(const CapacityPrices& prices);
  void add_stream(const WindowModel::StreamModel& stream);
  double inference_worth(const WindowModel::StreamModel& stream, double accuracy, std::vector<double>& worth) const;
  void use_inference(const WindowModel::StreamModel& stream, double accuracy, double from_s, double to_s);
  JobEnd best_end(const WindowModel::Option& option, double least) const;
  double widest(const WindowModel::Option& option) const;
  template <typename Use>
  Work cheapest(const WindowModel::Option& option, int last_cell, double last_length, const Use& use) const;
  double slope(const WindowModel::Option& option, int cell, double dearest) const;

  const WindowModel& model_;
  double capacity_ = 0;    ///< Without labelling, in devices.
  double largest_ = 0;     ///< Capacity of the largest device.
  Throughput throughput_;  ///< No device's is faster.
  std::vector<Cell> cells_;
  std::vector<Slot> slots_;   ///< Rising cost.
  std::vector<double> used_;  ///< [cells], share times seconds, of the last evaluation.
  double worth_ = 0;          ///< Of the last evaluation, in weighted accuracy seconds.
  std::vector<double> before_,
      after_;  ///< [cells], worth of a stream's inference a second, with its student and the next.
};

}  // namespace ekya::scheduler
