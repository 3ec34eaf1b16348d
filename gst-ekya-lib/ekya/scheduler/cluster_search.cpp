// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/cluster_search.h"

#include <algorithm>
#include <utility>

namespace ekya::scheduler {
namespace {

constexpr double kLeastGain = 1e-9;  ///< A change must gain more than this, in weighted accuracy seconds.
constexpr int kMostSweeps = 8;
constexpr int kMostReplays = 3;
/// Clusters with at most this many streams look at the configs of two streams together.
constexpr std::size_t kMostToPair = 4;
/// Clusters with at most this many streams, and rungs of them in all, use thorough auctions in the end.
constexpr std::size_t kMostThorough = 8;
constexpr std::size_t kMostRungs = 64;
/// A job that begins tries so many of the devices with the least load.
constexpr std::size_t kRoomyDevices = 3;
/// Inference moves to another device only for more than this, in accuracy over the window.
constexpr double kMigrationToll = 0.005;

}  // namespace

ClusterSearch::ClusterSearch(const WindowModel& model, Timeline& timeline, Assignment& assignment,
                             std::vector<int>& order)
    : model_(model),
      timeline_(timeline),
      plan_(assignment),
      order_(order),
      stream_worth_(model.streams.size()),
      reached_(model.devices.size()),
      touched_(model.streams.size()) {}

void ClusterSearch::choose(const std::vector<int>& devices) {
  devices_ = devices;
  streams_.clear();
  reached_.assign(model_.devices.size(), false);
  for (int d : devices) reached_[d] = true;
  for (int v = 0; v < static_cast<int>(model_.streams.size()); ++v)
    if (reached_[plan_.device[v]]) streams_.push_back(v);
}

void ClusterSearch::improve(const std::vector<int>& devices) {
  choose(devices);
  std::vector<int> order, others;
  std::size_t rungs = 0;
  for (int v : order_) (reached_[plan_.device[v]] ? order : others).push_back(v);
  for (int v : streams_) rungs += model_.streams[v].ladder.rungs().size();
  thorough_ = false;
  current_ = play(order);
  sweep();
  if (rungs <= kMostRungs && streams_.size() <= kMostThorough) {
    thorough_ = true;
    current_ = play(current_.order);
    sweep();
  }
  order_ = std::move(others);
  order_.insert(order_.end(), current_.order.begin(), current_.order.end());
}

void ClusterSearch::sweep() {
  for (int k = 0; k < kMostSweeps; ++k) {
    bool better = false;
    for (int v : streams_) better = improve_job(v) || better;
    if (devices_.size() > 1)
      for (int v : streams_) better = improve_home(v) || better;
    better = improve_order() || better;
    if (!better && streams_.size() <= kMostToPair)
      for (int v : streams_)
        for (int w : streams_) better = (v < w && improve_pair(v, w)) || better;
    if (!better) return;
  }
}

/// Plays the whole cluster, again with the order in which the jobs really end, as long as that differs.
ClusterSearch::Played ClusterSearch::play(std::vector<int> order) {
  Played best;
  for (int k = 0; k < kMostReplays; ++k) {
    std::vector<int> ends = order;
    const double worth = timeline_.run(plan_, streams_, devices_, ends, thorough_);
    if (k == 0 || worth > best.worth) {
      best = {worth, order};
      for (int v : streams_) stream_worth_[v] = model_.streams[v].weight * timeline_.accuracy_s()[v];
    }
    if (ends == order) break;
    order = std::move(ends);
  }
  return best;
}

/// Devices that streams link to the given ones, and those streams.
void ClusterSearch::find_part(std::initializer_list<int> seeds) {
  part_devices_.clear();
  part_streams_.clear();
  reached_.assign(model_.devices.size(), false);
  touched_.assign(model_.streams.size(), false);
  const auto reach = [&](int d) {
    if (!std::exchange(reached_[d], true)) part_devices_.push_back(d);
  };
  for (int d : seeds) reach(d);
  for (std::size_t before = 0; before != part_devices_.size();) {
    before = part_devices_.size();
    for (int v : streams_) {
      const int home = plan_.device[v], place = plan_.option[v] < 0 ? home : plan_.job_device[v];
      if (touched_[v] || !(reached_[home] || reached_[place])) continue;
      touched_[v] = true;
      part_streams_.push_back(v);
      reach(home);
      reach(place);
    }
  }
}

/// Plays once what a change on the `seeds` touches; the rest keeps its worth.
ClusterSearch::Played ClusterSearch::glance(std::vector<int> order, std::initializer_list<int> seeds) {
  find_part(seeds);
  part_order_.clear();
  for (int v : order)
    if (touched_[v]) part_order_.push_back(v);
  Played played{current_.worth, std::move(order)};
  for (int v : part_streams_) played.worth -= stream_worth_[v];
  played.worth += timeline_.run(plan_, part_streams_, part_devices_, part_order_, thorough_);
  return played;
}

bool ClusterSearch::accept(const Played& best) {
  if (best.worth <= current_.worth + kLeastGain) return false;
  current_ = play(best.order);
  return true;
}

/// Accuracy gained for a second of work.
double ClusterSearch::urgency(int job) const {
  const WindowModel::StreamModel& stream = model_.streams[job];
  const WindowModel::Option& option = stream.options[plan_.option[job]];
  return stream.weight * (option.accuracy - stream.accuracy) / option.work_s;
}

/// The order with the stream's job, if any, before the first that is less urgent (Smith's rule).
std::vector<int> ClusterSearch::order_with(const std::vector<int>& order, int stream) const {
  std::vector<int> result;
  bool placed = plan_.option[stream] < 0;
  for (int v : order) {
    if (v == stream) continue;
    if (!placed && urgency(stream) > urgency(v)) {
      result.push_back(stream);
      placed = true;
    }
    result.push_back(v);
  }
  if (!placed) result.push_back(stream);
  return result;
}

/// Devices on which a new job of the stream would have the least company.
std::vector<int> ClusterSearch::roomy_devices(int stream) const {
  if (devices_.size() <= kRoomyDevices) return devices_;
  std::vector<double> load(model_.devices.size(), 0);
  for (int v : streams_) {
    if (v == stream) continue;
    const WindowModel::StreamModel& other = model_.streams[v];
    load[plan_.device[v]] += other.ladder.rungs().back().demand / model_.devices[plan_.device[v]].capacity;
    if (plan_.option[v] >= 0) load[plan_.job_device[v]] += other.options[plan_.option[v]].work_s / model_.window_s;
  }
  std::vector<int> best = devices_;
  std::stable_sort(best.begin(), best.end(), [&](int a, int b) { return load[a] < load[b]; });
  best.resize(kRoomyDevices);
  return best;
}

/// Another config, another device for the job, or no job.
bool ClusterSearch::improve_job(int v) {
  const WindowModel::StreamModel& stream = model_.streams[v];
  const int option_before = plan_.option[v], device_before = plan_.job_device[v];
  int option_best = option_before, device_best = device_before;
  Played best = current_;
  const auto consider = [&](int option, int device) {
    if (option == option_before && device == device_before) return;
    if (option >= 0 && stream.options[option].memory_mb > model_.devices[device].memory_mb) return;
    plan_.option[v] = option;
    plan_.job_device[v] = device;
    Played tried = glance(order_with(current_.order, v), {plan_.device[v], device, device_before});
    if (tried.worth <= best.worth + kLeastGain) return;
    best = std::move(tried);
    option_best = option;
    device_best = device;
  };
  const std::vector<int> here{stream.running >= 0 ? stream.running : device_before};
  const bool begins = option_before < 0 && stream.running < 0;
  for (int option = begins ? 0 : -1; option < static_cast<int>(stream.options.size()); ++option)
    for (int device : begins ? roomy_devices(v) : here) consider(option, device);
  if (option_best >= 0 && stream.running < 0)
    for (int device : devices_) consider(option_best, device);
  plan_.option[v] = option_best;
  plan_.job_device[v] = device_best;
  return accept(best);
}

void ClusterSearch::move_home(int stream, int device) {
  const int before = std::exchange(plan_.device[stream], device);
  serve_first(model_, before, plan_);
  serve_first(model_, device, plan_);
}

/// Another device for the stream's inference, alone or with its job.
bool ClusterSearch::improve_home(int v) {
  const int home_before = plan_.device[v], place_before = plan_.job_device[v];
  const int floors = floors_held(plan_), used_to = model_.streams[v].device;
  int home_best = home_before, place_best = place_before;
  Played best = current_;
  const double toll = used_to < 0 ? 0 : kMigrationToll * model_.window_s * model_.streams[v].weight;
  const auto consider = [&](int home, int place) {
    const int option = plan_.option[v];
    if (option >= 0 && model_.streams[v].options[option].memory_mb > model_.devices[place].memory_mb) return;
    plan_.job_device[v] = place;
    Played tried = glance(current_.order, {home_before, home, place_before, place});
    tried.worth += toll * ((home == used_to) - (home_before == used_to));
    if (tried.worth <= best.worth + kLeastGain) return;
    best = std::move(tried);
    home_best = home;
    place_best = place;
  };
  std::vector<int> homes = roomy_devices(v);
  if (std::find(homes.begin(), homes.end(), place_before) == homes.end()) homes.push_back(place_before);
  for (int home : homes) {
    if (home == home_before) continue;
    move_home(v, home);
    if (floors_held(plan_) >= floors) {
      consider(home, place_before);
      if (plan_.option[v] >= 0 && model_.streams[v].running < 0)
        for (int place : {home, home_before})
          if (place != place_before) consider(home, place);
    }
    move_home(v, home_before);
  }
  plan_.job_device[v] = place_best;
  if (home_best == home_before) return false;
  move_home(v, home_best);
  current_ = play(best.order);
  return true;
}

/// Two jobs that end one after the other change places.
bool ClusterSearch::improve_order() {
  bool better = false;
  for (std::size_t k = 1; k < current_.order.size(); ++k) {
    std::vector<int> order = current_.order;
    std::swap(order[k - 1], order[k]);
    better = accept(glance(order, {plan_.device[order[k]], plan_.job_device[order[k]]})) || better;
  }
  return better;
}

bool ClusterSearch::improve_pair(int first, int second) {
  const int before[] = {plan_.option[first], plan_.option[second]};
  int best_options[] = {before[0], before[1]};
  Played best = current_;
  for (int a = -1; a < static_cast<int>(model_.streams[first].options.size()); ++a)
    for (int b = -1; b < static_cast<int>(model_.streams[second].options.size()); ++b) {
      if (a == before[0] || b == before[1]) continue;
      plan_.option[first] = a;
      plan_.option[second] = b;
      Played tried =
          glance(order_with(order_with(current_.order, first), second),
                 {plan_.device[first], plan_.job_device[first], plan_.device[second], plan_.job_device[second]});
      if (tried.worth <= best.worth + kLeastGain) continue;
      best = std::move(tried);
      best_options[0] = a;
      best_options[1] = b;
    }
  plan_.option[first] = best_options[0];
  plan_.option[second] = best_options[1];
  return accept(best);
}

}  // namespace ekya::scheduler
