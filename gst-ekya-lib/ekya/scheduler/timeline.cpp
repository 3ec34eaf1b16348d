// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/timeline.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ekya::scheduler {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTimeTolerance = 1e-9;  ///< In seconds: jobs that end that close together end at once.
/// Where two allotments are equally good the price is a hair above, so that the job gets the larger share and ends
/// earlier.
constexpr double kTieBreak = 1 + 1e-9;
constexpr int kMostNewtonSteps = 30;

}  // namespace

Timeline::Timeline(const WindowModel& model)
    : model_(model),
      changed_(model.devices.size()),
      accuracy_(model.streams.size()),
      work_(model.streams.size()),
      accuracy_s_(model.streams.size()),
      end_s_(model.streams.size()),
      margin_s_(model.devices.size()) {
  allotment_.rung.resize(model.streams.size());
  allotment_.share.resize(model.streams.size());
  allotment_.speed.resize(model.streams.size());
  allotment_.started.resize(model.streams.size());
  for (int d = 0; d < static_cast<int>(model.devices.size()); ++d) auctions_.emplace_back(model, d, allotment_);
}

const WindowModel::Option& Timeline::option_of(int job) const {
  return model_.streams[job].options[assignment_->option[job]];
}

void Timeline::set_accuracy(int stream, double accuracy) {
  accuracy_[stream] = accuracy;
  home_of(stream).set_accuracy(stream, accuracy, assignment_->floor[stream]);
}

/// The state in which every job has ended, from which the prices follow.
void Timeline::end_all() {
  for (int v : *streams_) {
    const bool trains = assignment_->option[v] >= 0;
    allotment_.share[v] = allotment_.speed[v] = 0;
    allotment_.started[v] = false;
    accuracy_s_[v] = 0;
    end_s_[v] = kInfinity;
    work_[v] = trains ? option_of(v).work_s : 0;
    home_of(v).add_labelling(assignment_->labelling[v]);
    home_of(v).add_stream(v);
    set_accuracy(v, trains ? option_of(v).accuracy : model_.streams[v].accuracy);
  }
}

/// The price at which the device is worth `target` while the job runs; its worth is convex and rising in the price, so
/// Newton's method from above ends after as many steps as the curve has corners there.
double Timeline::price_of(int job, double target) {
  Auction& place = place_of(job);
  const WindowModel::Option& option = option_of(job);
  const Throughput& curve = model_.devices[assignment_->job_device[job]].throughput;
  const double fastest = curve.speed(std::min(option.max_share, place.free()));
  if (fastest <= 0) return 0;
  double price = std::max(0.0, (target - place.floor_rate()) / fastest);
  for (int k = 0; k < kMostNewtonSteps; ++k) {
    place.add_job(job, price, option);
    place.allot(thorough_);
    const double over = place.worth() - target, speed = allotment_.speed[job];
    place.remove_job(job);
    if (speed <= 0 || over <= 1e-12 * target) break;
    price -= over / speed;
  }
  return std::max(0.0, price) * kTieBreak;
}

/// Prices from the last job backwards, each added to the bids before the next. Leaves everything as it is at the
/// beginning.
void Timeline::set_prices(const std::vector<int>& order) {
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    const int job = *it;
    Auction &home = home_of(job), &place = place_of(job);
    home.allot(thorough_);
    double target = home.worth();
    set_accuracy(job, model_.streams[job].accuracy);
    if (&home != &place) {
      home.allot(thorough_);
      target -= home.worth();
      place.allot(thorough_);
      target += place.worth();
    }
    place.add_job(job, price_of(job, target), option_of(job));
  }
  for (int job : order)
    if (model_.streams[job].running >= 0) place_of(job).start(job);
}

void Timeline::pass(double seconds, const std::vector<int>& devices) {
  for (int d : devices) margin_s_[d] += seconds * auctions_[d].margin();
  for (int v : *streams_) {
    accuracy_s_[v] += seconds * accuracy_[v] * model_.streams[v].ladder.rungs()[allotment_.rung[v]].factor;
    work_[v] -= seconds * allotment_.speed[v];
  }
}

void Timeline::end_job(int job, double now) {
  end_s_[job] = now;
  place_of(job).remove_job(job);
  set_accuracy(job, option_of(job).accuracy);
  changed_[assignment_->job_device[job]] = changed_[assignment_->device[job]] = true;
}

void Timeline::play(const std::vector<int>& devices, std::vector<Moment>* moments) {
  for (double now = 0;;) {
    for (int d : devices)
      if (std::exchange(changed_[d], false)) auctions_[d].allot(thorough_);
    for (int v : *streams_)
      if (allotment_.speed[v] > 0 && !allotment_.started[v]) place_of(v).start(v);
    if (moments) moments->push_back({now, allotment_.rung, allotment_.share, mean_margin(devices)});
    double next = model_.window_s - now;
    for (int v : *streams_)
      if (allotment_.speed[v] > 0) next = std::min(next, work_[v] / allotment_.speed[v]);
    pass(next, devices);
    now += next;
    if (now >= model_.window_s - kTimeTolerance) return;
    for (int v : *streams_)
      if (allotment_.speed[v] > 0 && work_[v] <= kTimeTolerance * allotment_.speed[v]) end_job(v, now);
  }
}

double Timeline::mean_margin(const std::vector<int>& devices) const {
  double sum = 0, capacity = 0;
  for (int d : devices) {
    sum += auctions_[d].margin() * model_.devices[d].capacity;
    capacity += model_.devices[d].capacity;
  }
  return sum / capacity;
}

double Timeline::run(const Assignment& assignment, const std::vector<int>& streams, const std::vector<int>& devices,
                     std::vector<int>& order, bool thorough, std::vector<Moment>* moments) {
  assignment_ = &assignment;
  streams_ = &streams;
  thorough_ = thorough;
  for (int d : devices) auctions_[d].clear(), changed_[d] = true, margin_s_[d] = 0;
  end_all();
  set_prices(order);
  play(devices, moments);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return end_s_[a] < end_s_[b]; });
  double sum = 0;
  for (int v : streams) sum += model_.streams[v].weight * accuracy_s_[v];
  return sum;
}

}  // namespace ekya::scheduler
