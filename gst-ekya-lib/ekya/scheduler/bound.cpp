// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/bound.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ekya::scheduler {
namespace {

/// A curve that no device's exceeds.
Throughput fastest(const std::vector<WindowModel::DeviceModel>& devices, double largest) {
  std::vector<double> shares{largest};
  for (const auto& device : devices) {
    double share = 0;
    for (const Throughput::Piece& piece : device.throughput.pieces())
      shares.push_back(std::min(largest, share += piece.width));
  }
  std::sort(shares.begin(), shares.end());
  std::vector<CurvePoint> points;
  for (double share : shares) {
    double speed = 0;
    for (const auto& device : devices) speed = std::max(speed, device.throughput.speed(share));
    if (points.empty() || share > points.back().share) points.push_back({share, speed});
  }
  return Throughput(points);
}

}  // namespace

UpperBound::UpperBound(const WindowModel& model, double labelling) : model_(model), capacity_(-labelling) {
  for (const auto& device : model.devices) {
    capacity_ += device.capacity;
    largest_ = std::max(largest_, device.capacity);
  }
  capacity_ = std::max(0.0, capacity_);
  throughput_ = fastest(model.devices, largest_);
}

double UpperBound::widest(const WindowModel::Option& option) const { return std::min(option.max_share, largest_); }

void UpperBound::set_cells(const CapacityPrices& prices) {
  cells_.clear();
  slots_.clear();
  for (std::size_t k = 0; k < prices.price.size(); ++k) {
    const double end = k + 1 < prices.price.size() ? prices.begin_s[k + 1] : model_.window_s;
    cells_.push_back({prices.begin_s[k], end - prices.begin_s[k], prices.price[k]});
    double from = 0;
    for (const Throughput::Piece& piece : throughput_.pieces()) {
      slots_.push_back({prices.price[k] / piece.slope, static_cast<int>(k), from, piece.width, piece.slope});
      from += piece.width;
    }
  }
  std::stable_sort(slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) { return a.cost < b.cost; });
}

double UpperBound::at(const CapacityPrices& prices) {
  if (model_.streams.empty()) return 0;
  set_cells(prices);
  used_.assign(cells_.size(), 0);
  worth_ = 0;
  for (const Cell& cell : cells_) worth_ += capacity_ * cell.price * cell.length;
  for (const WindowModel::StreamModel& stream : model_.streams) add_stream(stream);
  return std::clamp(worth_ / (model_.window_s * model_.weights), 0.0, 1.0);
}

/// What a stream makes of the prices with its best choice, and the capacity that this uses.
void UpperBound::add_stream(const WindowModel::StreamModel& stream) {
  const WindowModel::Option* chosen = nullptr;
  JobEnd end{inference_worth(stream, stream.accuracy, before_), 0, 0};
  for (const WindowModel::Option& option : stream.options) {
    inference_worth(stream, option.accuracy, after_);
    const JobEnd other = best_end(option, end.worth);
    if (other.worth > end.worth) end = other, chosen = &option;
  }
  worth_ += end.worth;
  if (!chosen) return use_inference(stream, stream.accuracy, 0, model_.window_s);
  cheapest(*chosen, end.cell, end.into, [&](int cell, double share_s) { used_[cell] += share_s; });
  const double end_s = cells_[end.cell].begin + end.into;
  use_inference(stream, stream.accuracy, 0, end_s);
  use_inference(stream, chosen->accuracy, end_s, model_.window_s);
}

/// The most that inference is worth a second at each cell's price; returns its integral over the window.
double UpperBound::inference_worth(const WindowModel::StreamModel& stream, double accuracy,
                                   std::vector<double>& worth) const {
  const double weight = stream.weight * accuracy;
  const Ladder::Rung& lowest = stream.ladder.rungs().front();
  double sum = 0;
  worth.clear();
  for (const Cell& cell : cells_) {
    double value = weight * lowest.factor - cell.price * lowest.demand;
    for (const Ladder::Step& step : stream.ladder.steps(0)) {
      const double gain = weight * step.rise - cell.price * step.width;
      if (gain <= 0) break;
      value += gain;
    }
    worth.push_back(value);
    sum += value * cell.length;
  }
  return sum;
}

void UpperBound::use_inference(const WindowModel::StreamModel& stream, double accuracy, double from_s, double to_s) {
  const double weight = stream.weight * accuracy;
  for (std::size_t k = 0; k < cells_.size(); ++k) {
    const Cell& cell = cells_[k];
    const double time = std::min(to_s, cell.begin + cell.length) - std::max(from_s, cell.begin);
    if (time <= 0) continue;
    for (const Ladder::Step& step : stream.ladder.steps(0)) {
      if (weight * step.rise <= cell.price * step.width) break;
      used_[k] += step.width * time;
    }
  }
}

/// Does a job's work in the cheapest slots of the cells up to the last, of which only the first `last_length` seconds
/// count.
template <typename Use>
UpperBound::Work UpperBound::cheapest(const WindowModel::Option& option, int last_cell, double last_length,
                                      const Use& use) const {
  const double most = widest(option);
  double left = option.work_s;
  Work work;
  for (const Slot& slot : slots_) {
    if (slot.cell > last_cell || slot.from >= most) continue;
    const double width = std::min(slot.width, most - slot.from);
    const double length = slot.cell == last_cell ? last_length : cells_[slot.cell].length;
    const double part = std::min(left, length * width * slot.slope);
    work.cost += part * slot.cost;
    work.dearest = slot.cost;
    use(slot.cell, part / slot.slope);
    left -= part;
    if (left <= 0) break;
  }
  return work;
}

/// How much cheaper a job's work gets for each second more of a cell, which replaces the dearest slots.
double UpperBound::slope(const WindowModel::Option& option, int cell, double dearest) const {
  double left = widest(option), saved = 0;
  for (const Throughput::Piece& piece : throughput_.pieces()) {
    const double width = std::min(piece.width, left);
    if (width <= 0) break;
    left -= width;
    saved += std::max(0.0, dearest - cells_[cell].price / piece.slope) * width * piece.slope;
  }
  return saved;
}

/// The best end of a job, where that is worth more than `least`. Within a cell its worth is concave in the end, since
/// each second more saves less; so the tangents at both ends bound it from above.
UpperBound::JobEnd UpperBound::best_end(const WindowModel::Option& option, double least) const {
  const auto nothing = [](int, double) {};
  const int cells = static_cast<int>(cells_.size());
  const double earliest = option.work_s / throughput_.speed(widest(option));
  const double least_cost = cheapest(option, cells - 1, cells_.back().length, nothing).cost;
  double worth = -least_cost;  // of the inference, for an end at the cell's begin, and at most of all
  for (int k = 0; k < cells; ++k) worth += after_[k] * cells_[k].length;
  JobEnd best{least, 0, 0};
  for (int k = 0; k < cells; ++k) {
    const double length = cells_[k].length, gain = before_[k] - after_[k];
    const double from = std::max(0.0, earliest - cells_[k].begin);
    if (from < length && worth + std::max(0.0, gain * length) > best.worth) {
      const Work first = cheapest(option, k, from, nothing), last = cheapest(option, k, length, nothing);
      const double begin = worth + gain * from + least_cost - first.cost;
      const double end = worth + gain * length + least_cost - last.cost;
      const double up = gain + slope(option, k, first.dearest), down = gain + slope(option, k, last.dearest);
      JobEnd here = begin >= end ? JobEnd{begin, k, from} : JobEnd{end, k, length};
      if (up > 0 && down < 0) {
        const double meet = std::clamp((end - begin - down * (length - from)) / (up - down), 0.0, length - from);
        here = {std::max(here.worth, begin + up * meet), k, from + meet};
      }
      if (here.worth > best.worth) best = here;
    }
    worth += gain * length;
  }
  return best;
}

double UpperBound::tighten(CapacityPrices prices, double reached, int steps) {
  constexpr double kLeastProgress = 1e-7, kCloseEnough = 1e-6;
  constexpr int kPatience = 3;
  const double scale = model_.window_s * model_.weights;
  double best = at(prices), eagerness = 1;
  CapacityPrices best_prices = prices;
  int idle = 0;
  for (int k = 0; k < steps && best - reached > kCloseEnough; ++k) {
    std::vector<double> excess;  // of demand over capacity, in devices
    double norm = 0;
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      excess.push_back(used_[c] / cells_[c].length - capacity_);
      if (prices.price[c] <= 0) excess[c] = std::max(0.0, excess[c]);
      norm += excess[c] * excess[c] * cells_[c].length;
    }
    if (norm <= 0) break;
    const double step = eagerness * (worth_ - reached * scale) / norm;
    for (std::size_t c = 0; c < cells_.size(); ++c) prices.price[c] = std::max(0.0, prices.price[c] + step * excess[c]);
    const double now = at(prices);
    if (now < best - kLeastProgress) {
      best = now;
      best_prices = prices;
      idle = 0;
    } else if (++idle >= kPatience) {
      eagerness /= 2;
      idle = 0;
      prices = best_prices;
      at(prices);
    }
  }
  return best;
}

}  // namespace ekya::scheduler
