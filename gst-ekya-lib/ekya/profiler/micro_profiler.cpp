// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/profiler/micro_profiler.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ekya::profiler {
namespace {

constexpr double kMostOfWindow = 0.022;
constexpr double kMemory = 0.5;  // Weight of the newest profile in what is believed of a family's curve.
constexpr int kMostSamples = 100'000'000;

double in_range(double accuracy) { return std::isfinite(accuracy) ? std::clamp(accuracy, 0.0, 1.0) : 0.0; }

double positive(double value) { return std::isfinite(value) ? std::max(0.0, value) : 0.0; }

Candidate valid(Candidate candidate) {
  candidate.epochs = std::clamp(candidate.epochs, 1, 1'000'000);
  candidate.batch_size = std::clamp(candidate.batch_size, 1, 1'000'000);
  candidate.fraction = std::clamp(positive(candidate.fraction), 1e-6, 1.0);
  return candidate;
}

}  // namespace

double profile_budget(Seconds window, double devices, double part) {
  return positive(window.count()) * positive(devices) * std::min(positive(part), kMostOfWindow);
}

MicroProfiler::MicroProfiler(const std::vector<Candidate>& candidates, int slots, const ParetoPruner::Options& pruning)
    : costs_(slots), pareto_(pruning) {
  for (const Candidate& candidate : candidates) {
    candidates_.push_back(valid(candidate));
    const auto same = std::find_if(families_.begin(), families_.end(),
                                   [&](const Family& family) { return family.name == candidate.family; });
    Family& family = same == families_.end() ? families_.emplace_back() : *same;
    family.name = candidate.family;
    family.members.push_back(candidates_.size() - 1);
    family_index_.push_back(static_cast<std::size_t>(&family - families_.data()));
  }
  for (Family& family : families_)
    std::stable_sort(family.members.begin(), family.members.end(),
                     [&](std::size_t a, std::size_t b) { return candidates_[a].passes() > candidates_[b].passes(); });
  begin({});
}

std::optional<std::size_t> MicroProfiler::find(const std::string& config) const {
  const auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const Candidate& candidate) { return candidate.id == config; });
  if (found == candidates_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - candidates_.begin());
}

MicroProfiler::Family* MicroProfiler::family_of(const std::string& config) {
  const auto index = find(config);
  return index ? &families_[family_index_[*index]] : nullptr;
}

bool MicroProfiler::offered(const Candidate& candidate) const {
  return candidate.family == chosen_ || (!penalties_.suspended(candidate.id) && !pareto_.pruned(candidate.id));
}

/// What was measured is the start of the next belief, and tells who is far from the Pareto front.
void MicroProfiler::learn_from_profile() {
  std::vector<ParetoPoint> points;
  for (Family& family : families_) {
    if (!family.measured) continue;
    family.measured = false;
    const double last = 1 - family.curve.at(std::numeric_limits<double>::infinity()).accuracy;
    family.prior.final_error =
        family.prior.final_error < 0 ? last : family.prior.final_error + kMemory * (last - family.prior.final_error);
    family.prior.log_rate += kMemory * (family.curve.log_rate() - family.prior.log_rate);
    for (const std::size_t member : family.members) {
      const Candidate& candidate = candidates_[member];
      const Prediction brought = family.curve.at(passes(candidate, family.trained));
      if (!penalties_.suspended(candidate.id))
        points.push_back({candidate.id, work(candidate, 0, 0), brought.accuracy, brought.sd});
    }
  }
  if (!points.empty()) pareto_.record(points);
}

void MicroProfiler::new_window() {
  learn_from_profile();
  penalties_.new_window();
  pareto_.new_window();
}

void MicroProfiler::begin(const ProfileStart& start) {
  learn_from_profile();
  start_ = start;
  start_.samples = std::clamp(start.samples, 0, kMostSamples);
  start_.labels = std::max(1, start.labels);
  start_.live_accuracy = in_range(start.live_accuracy);
  start_.budget = positive(start.budget);
  spent_ = start.took > Seconds{0} ? costs_.device_seconds(start.took) : 0;
  cached_ = 0;
  chosen_.clear();
  for (Family& family : families_) {
    family.points = {{0, start_.live_accuracy, start_.labels}};
    family.curve = LearningCurve(family.points, family.prior);
    family.trained = 0;
  }
  begin_rungs();
}

void MicroProfiler::add_point(Family& family, double accuracy, int labels) {
  if (!(accuracy >= 0 && accuracy <= 1) || start_.samples < 1) return;
  family.points.push_back({family.trained / start_.samples, accuracy, labels});
  family.curve = LearningCurve(family.points, family.prior);
  family.measured = true;
}

void MicroProfiler::record(const Progress& progress) {
  Family* family = family_of(progress.config);
  if (!family || progress.samples < 1) return;
  family->trained = std::min(family->trained + progress.samples, 1e12);
  if (longest(*family).frozen_trunk) cached_ = std::max(cached_, std::min<double>(family->trained, start_.samples));
  add_point(*family, progress.accuracy, progress.labels);
  if (!chosen_.empty()) return;
  if (progress.took > Seconds{0}) spent_ += costs_.device_seconds(progress.took);
  if (position_ < rung_.size() && &families_[rung_[position_]] == family) {
    ++position_;
    find_next();
  }
}

void MicroProfiler::choose(const std::string& config) {
  const auto index = find(config);
  if (!index) return;
  rung_.clear();
  chosen_ = candidates_[*index].family;
  for (Family& family : families_)
    if (family.name != chosen_) family.trained = 0;
}

void MicroProfiler::finished(const std::string& config, double accuracy, int labels) {
  Family* family = family_of(config);
  if (!family) return;
  add_point(*family, accuracy, labels);
  for (const std::size_t member : family->members) penalties_.succeeded(candidates_[member].id);
}

void MicroProfiler::failed(const std::string& config) {
  const Family* family = family_of(config);
  if (!family) return;
  for (const std::size_t member : family->members) penalties_.failed(candidates_[member].id);
  if (chosen_ == family->name) chosen_.clear();
  const auto entry = std::find_if(rung_.begin(), rung_.end(), [&](std::size_t i) { return &families_[i] == family; });
  if (entry == rung_.end()) return;
  const auto index = static_cast<std::size_t>(entry - rung_.begin());
  rung_.erase(entry);
  if (index < position_) --position_;
  find_next();
}

/// Of training on the samples [from, to) that the job walks over, of which those in `cached` need no trunk any more.
Seconds MicroProfiler::training_time(const Candidate& candidate, double from, double to, double cached) const {
  const double distinct = candidate.fraction * start_.samples, all = std::max(0.0, to - from);
  const double fresh = std::clamp(std::min(to, distinct) - std::max(from, cached), 0.0, all);
  return fresh * costs_.sample(candidate, true) + (all - fresh) * costs_.sample(candidate, false);
}

/// The accuracy is measured after each epoch that is left.
double MicroProfiler::work(const Candidate& candidate, double from, double cached) const {
  const double to = std::max(from, candidate.passes() * start_.samples);
  const double epochs = to > 0 ? std::max(1.0, std::ceil(candidate.epochs * (to - from) / to)) : 1;
  return costs_.device_seconds(training_time(candidate, from, to, cached) +
                               epochs * costs_.evaluation(candidate, start_.labels) + costs_.overhead());
}

/// A job that was profiled beyond its end stops where it is.
double MicroProfiler::passes(const Candidate& candidate, double trained) const {
  return std::max(candidate.passes(), trained / std::max(1, start_.samples));
}

Forecast MicroProfiler::forecast(const std::string& config) const {
  const double live = start_.live_accuracy;
  Forecast forecast{config, false, live, 0.5, 1e6};
  const auto index = find(config);
  if (!index) return forecast;
  const Candidate& candidate = candidates_[*index];
  const Family& own = families_[family_index_[*index]];
  const Prediction predicted = own.curve.at(passes(candidate, own.trained));
  forecast.offered = offered(candidate);
  if (forecast.offered) forecast.accuracy = std::clamp(predicted.accuracy, live, std::max(live, kCeiling));
  forecast.sd = predicted.sd;
  forecast.work = work(candidate, own.trained, cached_);
  return forecast;
}

std::vector<Forecast> MicroProfiler::forecasts() const {
  std::vector<Forecast> forecasts;
  for (const Candidate& candidate : candidates_) forecasts.push_back(forecast(candidate.id));
  return forecasts;
}

}  // namespace ekya::profiler
