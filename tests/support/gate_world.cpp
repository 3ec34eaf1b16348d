// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gate_world.h"

#include <algorithm>

#include "ekya/learner/canary.h"

namespace ekya::learner::testing {
namespace {

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (int i = 0; i < GateWorld::kClasses; ++i) names.push_back("class" + std::to_string(i));
  return names;
}

/// Labels come in until the canary takes the model back or lets it be.
bool taken_back(GateWorld& world, const GateWorld::Change& change) {
  Canary canary;
  while (!canary.is_over()) {
    const PairedCounts one = world.label(change);
    canary.add(one.both + one.lost > 0, one.both + one.gained > 0);
    if (canary.reason_to_roll_back()) return true;
  }
  return false;
}

}  // namespace

GateWorld::GateWorld(BadTeacher teacher, unsigned seed) : teacher_(teacher), random_(seed) {
  const double confused = teacher.confused > 0 ? teacher.confused : 1.0 / kClasses;
  shares_.assign(kClasses, (1 - confused) / (kClasses - 1));
  shares_[kConfused] = confused;
  set_live(0.8);
}

GateWorld::Change GateWorld::change_of(double gain, double churn) const {
  const double accuracy = live_accuracy();
  Change change;
  change.fixed = std::min(1.0, (std::max(gain, 0.0) + churn) / std::max(1 - accuracy, 1e-9));
  change.broken = std::min(1.0, (std::max(-gain, 0.0) + churn) / std::max(accuracy, 1e-9));
  return change;
}

void GateWorld::set_live(double accuracy) { live_.assign(kClasses, accuracy); }

double GateWorld::mean(const std::vector<double>& accuracies) const {
  double sum = 0;
  for (std::size_t i = 0; i < accuracies.size(); ++i) sum += shares_[i] * accuracies[i];
  return sum;
}

double GateWorld::live_accuracy() const { return mean(live_); }

std::vector<double> GateWorld::accuracies_after(const Change& change) const {
  std::vector<double> after;
  for (const double accuracy : live_) after.push_back(accuracy * (1 - change.broken) + (1 - accuracy) * change.fixed);
  after[kConfused] *= 1 - change.learned_wrong;
  return after;
}

double GateWorld::true_gain(const Change& change) const { return mean(accuracies_after(change)) - live_accuracy(); }

void GateWorld::adopt(const Change& change) { live_ = accuracies_after(change); }

int GateWorld::other_than(int label) { return (label + integer(1, kClasses - 1)) % kClasses; }

GateWorld::Sample GateWorld::draw(const Change& change, bool spoilt) {
  const int truth = std::discrete_distribution<>(shares_.begin(), shares_.end())(random_);
  const auto chance = [&](double p) { return uniform(0, 1) < p; };
  Sample sample;
  sample.live = chance(live_[static_cast<std::size_t>(truth)]) ? truth : other_than(truth);
  sample.candidate = sample.live;
  if (sample.live == truth && chance(change.broken)) sample.candidate = other_than(truth);
  if (sample.live != truth && chance(change.fixed)) sample.candidate = truth;
  if (truth == kConfused && chance(change.learned_wrong)) sample.candidate = kCalled;
  sample.label = truth;
  if (!spoilt) return sample;
  if (teacher_.confused > 0 && truth == kConfused && chance(teacher_.strength)) sample.label = kCalled;
  if (chance(teacher_.random)) sample.label = other_than(sample.label);
  return sample;
}

GateEvidence GateWorld::examine(const Change& change, int recent, int earlier) {
  GateEvidence evidence;
  evidence.labels = names();
  for (int i = 0; i < recent + earlier; ++i) {
    const Sample sample = draw(change, i < recent || teacher_.earlier);
    add_answers(evidence, i < recent, std::span(&sample.label, 1), std::span(&sample.live, 1),
                std::span(&sample.candidate, 1));
  }
  return evidence;
}

PairedCounts GateWorld::label(const Change& change) {
  const Sample sample = draw(change, true);
  PairedCounts counts;
  counts.add(sample.live == sample.label, sample.candidate == sample.label);
  return counts;
}

SwapReport offer_candidates(const BadTeacher& teacher, int count, unsigned seed, const GateOptions& options) {
  GateWorld world(teacher, seed);
  SwapReport report;
  for (; report.offered < count; ++report.offered) {
    if (report.offered % 20 == 0 || world.live_accuracy() > 0.95) world.set_live(world.uniform(0.6, 0.9));
    auto change = world.change_of(world.uniform(-0.15, 0.15), world.uniform(0, 0.04));
    if (teacher.confused > 0 && report.offered % 2) change.learned_wrong = world.uniform(0, 1);
    const double gain = world.true_gain(change);
    if (!decide(world.examine(change, world.integer(12, 100), world.integer(0, 100)), options).accepted()) continue;
    ++report.accepted;
    const bool is_regression = gain < -0.01;
    report.regressions += is_regression;
    report.worst = std::max(report.worst, -gain);
    const bool is_back = taken_back(world, change);
    report.taken_back += is_back;
    report.wronged += is_back && gain >= 0;
    report.lasting += is_regression && !is_back;
    if (!is_back) world.adopt(change);
  }
  return report;
}

double acceptance(const BadTeacher& teacher, double gain, int labels, int count, unsigned seed,
                  const GateOptions& options) {
  GateWorld world(teacher, seed);
  world.set_live(0.65);
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    const auto change = world.change_of(gain, world.uniform(0, 0.04));
    accepted += decide(world.examine(change, labels, 60), options).accepted();
  }
  return static_cast<double>(accepted) / count;
}

}  // namespace ekya::learner::testing
