// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/auction.h"

#include <algorithm>
#include <limits>

#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

constexpr double kLeastGain = 1e-12;
/// The search looks at no more choices than this.
constexpr int kMostNodes = 200;

}  // namespace

Auction::Auction(const WindowModel& model, int device, Allotment& allotment)
    : model_(model),
      device_(model.devices[device]),
      allotment_(allotment),
      has_memory_limit_(device_.memory_mb < std::numeric_limits<double>::infinity()),
      base_(model.streams.size()),
      accuracy_(model.streams.size()),
      blocked_(model.streams.size()),
      rank_(model.streams.size()) {}

void Auction::clear() {
  free_ = device_.capacity;
  floor_rate_ = memory_mb_ = 0;
  streams_.clear();
  steps_.clear();
  pieces_.clear();
}

void Auction::add_stream(int stream) {
  streams_.push_back(stream);
  base_[stream] = 0;
  accuracy_[stream] = 0;
  free_ -= model_.streams[stream].ladder.rungs().front().demand;
}

void Auction::set_accuracy(int stream, double accuracy, double floor) {
  const WindowModel::StreamModel& model = model_.streams[stream];
  const auto& rungs = model.ladder.rungs();
  free_ += rungs[base_[stream]].demand;
  floor_rate_ -= accuracy_[stream] * rungs[base_[stream]].factor;
  const double worth = accuracy_[stream] = model.weight * accuracy;
  const int base = base_[stream] = floor > 0 ? std::max(0, model.ladder.lowest(floor / accuracy)) : 0;
  free_ -= rungs[base].demand;
  floor_rate_ += worth * rungs[base].factor;

  const auto& steps = model.ladder.steps(base);
  std::size_t next = 0;
  const auto density = [&] { return worth * steps[next].rise / steps[next].width; };
  const auto add = [&] {
    steps_scratch_.push_back({density(), steps[next].width, worth * steps[next].rise, stream, steps[next].rung});
    ++next;
  };
  steps_scratch_.clear();
  for (const Step& step : steps_) {
    if (step.stream == stream) continue;
    while (next < steps.size() && density() > step.density) add();
    steps_scratch_.push_back(step);
  }
  while (next < steps.size()) add();
  steps_.swap(steps_scratch_);
}

void Auction::add_job(int job, double price, const WindowModel::Option& option) {
  double most = option.max_share;
  auto other = pieces_.begin();
  pieces_scratch_.clear();
  for (const Throughput::Piece& piece : device_.throughput.pieces()) {
    if (most <= 0) break;
    const double width = std::min(piece.width, most);
    const double density = price * piece.slope;
    while (other != pieces_.end() && other->density >= density) pieces_scratch_.push_back(*other++);
    pieces_scratch_.push_back({density, width, piece.slope, job, option.memory_mb});
    most -= width;
  }
  pieces_scratch_.insert(pieces_scratch_.end(), other, pieces_.end());
  pieces_.swap(pieces_scratch_);
  allotment_.share[job] = allotment_.speed[job] = 0;
}

void Auction::remove_job(int job) {
  for (const Piece& piece : pieces_)
    if (piece.job == job && allotment_.started[job]) {
      memory_mb_ -= piece.memory_mb;
      break;
    }
  std::erase_if(pieces_, [&](const Piece& piece) { return piece.job == job; });
  allotment_.share[job] = allotment_.speed[job] = 0;
  allotment_.started[job] = false;
}

void Auction::start(int job) {
  const auto piece = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& p) { return p.job == job; });
  if (piece == pieces_.end() || allotment_.started[job] || memory_mb_ + piece->memory_mb > device_.memory_mb) return;
  memory_mb_ += piece->memory_mb;
  allotment_.started[job] = true;
}

/// Jobs that have begun, and others as far as memory goes, the highest bids first.
void Auction::admit_jobs() {
  bidders_ = &pieces_;
  if (!has_memory_limit_) return;
  bidders_ = &admitted_;
  admitted_.clear();
  double memory_mb = memory_mb_;
  for (auto piece = pieces_.begin(); piece != pieces_.end(); ++piece) {
    const auto same = [&](const Piece& other) { return other.job == piece->job; };
    if (!allotment_.started[piece->job] && std::none_of(admitted_.begin(), admitted_.end(), same)) {
      const bool refused = std::any_of(pieces_.begin(), piece, same);
      if (refused || memory_mb + piece->memory_mb > device_.memory_mb) continue;
      memory_mb += piece->memory_mb;
    }
    admitted_.push_back(*piece);
  }
}

/// What the jobs bid for that much, in devices.
double Auction::bids_for(double capacity) const {
  double bids = 0;
  for (const Piece& piece : *bidders_) {
    if (capacity <= piece.width) return bids + std::max(0.0, capacity) * piece.density;
    bids += piece.width * piece.density;
    capacity -= piece.width;
  }
  return bids;
}

void Auction::choose_steps() {
  double left = free_;
  margin_ = 0;
  auto step = steps_.begin();
  auto piece = bidders_->begin();
  while (left > kShareTolerance && (step != steps_.end() || piece != bidders_->end())) {
    if (step == steps_.end() || (piece != bidders_->end() && piece->density > step->density)) {
      margin_ = piece->density;
      left -= std::min(left, piece->width);
      ++piece;
      continue;
    }
    const Step& next = *step++;
    if (blocked_[next.stream]) continue;
    margin_ = next.density;
    const double rest = free_ - used_;
    if (next.width > left + kShareTolerance &&
        (next.width > rest + kShareTolerance || bids_for(rest) - bids_for(rest - next.width) >= next.gain)) {
      blocked_[next.stream] = true;
      continue;
    }
    left -= next.width;
    used_ += next.width;
    rate_ += next.gain;
    allotment_.rung[next.stream] = next.rung;
  }
  if (left > kShareTolerance) margin_ = 0;
}

Auction::Change Auction::change(int stream, int rung) const {
  const auto& rungs = model_.streams[stream].ladder.rungs();
  const Ladder::Rung& now = rungs[allotment_.rung[stream]];
  return {stream, rung, rungs[rung].demand - now.demand, accuracy_[stream] * (rungs[rung].factor - now.factor)};
}

void Auction::make(const Change& change) {
  allotment_.rung[change.stream] = change.rung;
  used_ += change.width;
  rate_ += change.gain;
}

/// What no bid could use may still carry streams to rungs off the concave curve.
void Auction::fill() {
  const double jobs = [&] {
    double width = 0;
    for (const Piece& piece : *bidders_) width += piece.width;
    return width;
  }();
  while (free_ - used_ - jobs > kShareTolerance) {
    const double left = free_ - used_ - jobs;
    Change best;
    for (int v : streams_)
      for (int r = static_cast<int>(model_.streams[v].ladder.rungs().size()) - 1; r > allotment_.rung[v]; --r) {
        const Change rise = change(v, r);
        if (rise.width > left + kShareTolerance) continue;
        if (rise.gain > best.gain) best = rise;
        break;
      }
    if (best.stream < 0) return;
    make(best);
  }
}

/// What streams from `first` on and the jobs would make of `left` if steps could be taken in part.
double Auction::relaxed(std::size_t first, double left) const {
  double worth = 0;
  for (std::size_t i = first; i < streams_.size(); ++i)
    worth += accuracy_[streams_[i]] * model_.streams[streams_[i]].ladder.rungs()[base_[streams_[i]]].factor;
  auto step = steps_.begin();
  auto piece = bidders_->begin();
  while (left > 0 && (step != steps_.end() || piece != bidders_->end())) {
    const bool is_step = piece == bidders_->end() || (step != steps_.end() && step->density >= piece->density);
    if (is_step && rank_[step->stream] < first) {
      ++step;
      continue;
    }
    const double width = std::min(left, is_step ? step->width : piece->width);
    worth += width * (is_step ? step->density : piece->density);
    left -= width;
    is_step ? static_cast<void>(++step) : static_cast<void>(++piece);
  }
  return worth;
}

/// Chooses the rungs of the streams from the k-th on, which may use `left`; `worth` is what those before it make.
void Auction::branch(std::size_t k, double left, double worth) {
  if (k == streams_.size()) {
    worth += bids_for(left);
    if (worth <= best_worth_ + kLeastGain) return;
    best_worth_ = worth;
    best_rung_ = tried_rung_;
    return;
  }
  if (nodes_++ >= kMostNodes || worth + relaxed(k, left) <= best_worth_ + kLeastGain) return;
  const int v = streams_[k];
  const auto& rungs = model_.streams[v].ladder.rungs();
  const double base = rungs[base_[v]].demand;
  for (int r = static_cast<int>(rungs.size()) - 1; r >= base_[v]; --r) {
    const double width = rungs[r].demand - base;
    if (width > left + kShareTolerance) continue;
    tried_rung_[k] = r;
    branch(k + 1, std::max(0.0, left - width), worth + accuracy_[v] * rungs[r].factor);
  }
}

/// Branch and bound over all rungs, from what the auction chose.
void Auction::search() {
  best_worth_ = rate_ + bids_for(free_ - used_);
  best_rung_.clear();
  tried_rung_.resize(streams_.size());
  for (std::size_t k = 0; k < streams_.size(); ++k) rank_[streams_[k]] = k;
  nodes_ = 0;
  branch(0, free_, 0);
  for (std::size_t k = 0; k < best_rung_.size(); ++k)
    if (best_rung_[k] != allotment_.rung[streams_[k]]) make(change(streams_[k], best_rung_[k]));
}

void Auction::serve_jobs() {
  for (const Piece& piece : pieces_) allotment_.share[piece.job] = allotment_.speed[piece.job] = 0;
  double left = free_ - used_;
  bids_ = 0;
  for (const Piece& piece : *bidders_) {
    const double width = std::min(piece.width, left);
    if (width <= kShareTolerance) break;
    left -= width;
    allotment_.share[piece.job] += width;
    allotment_.speed[piece.job] += width * piece.slope;
    bids_ += width * piece.density;
  }
}

void Auction::allot(bool thorough) {
  rate_ = floor_rate_;
  used_ = 0;
  for (int v : streams_) allotment_.rung[v] = base_[v], blocked_[v] = false;
  admit_jobs();
  choose_steps();
  fill();
  if (thorough) search();
  serve_jobs();
}

}  // namespace ekya::scheduler
