// SPDX-License-Identifier: LGPL-2.1-or-later
// How safe the gate and the canary are, and what that costs: the tables of docs/algorithms/gate.md and canary.md.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "ekya/learner/canary.h"
#include "support/gate_world.h"

namespace ekya::learner::testing {
namespace {

struct Row {
  const char* name;
  BadTeacher teacher;
};

const Row kTeachers[] = {{"right", {}},
                         {"10 % at random", {0.1}},
                         {"20 % at random", {0.2}},
                         {"30 % at random", {0.3}},
                         {"10 %: a class, always", {0, 0.1}},
                         {"20 %: a class, always", {0, 0.2}},
                         {"30 %: a class, always", {0, 0.3}},
                         {"30 %: a class, of late", {0, 0.3, 1, false}},
                         {"21 %: a class, 7 of 10", {0, 0.3, 0.7}},
                         {"10 % at random, 20 % a class", {0.1, 0.2}}};

GateOptions options(double significance, double confusion) {
  GateOptions options;
  options.significance = significance;
  options.confusion = confusion;
  return options;
}

void print_swaps(const Row& row, const GateOptions& options, int runs) {
  SwapReport sum;
  int clean = 0;
  for (int seed = 1; seed <= runs; ++seed) {
    const SwapReport report = offer_candidates(row.teacher, 1000, static_cast<unsigned>(seed), options);
    clean += report.regressions == 0;
    sum.accepted += report.accepted;
    sum.regressions += report.regressions;
    sum.lasting += report.lasting;
    sum.worst = std::max(sum.worst, report.worst);
  }
  std::printf("| %s | %.1f | %.2f | %d of %d | %.2f | %.0f |\n", row.name, 1.0 * sum.accepted / runs,
              1.0 * sum.regressions / runs, clean, runs, 1.0 * sum.lasting / runs, 100 * sum.worst);
}

void print_power(const char* name, const BadTeacher& teacher, const GateOptions& options) {
  for (const int labels : {30, 60, 100}) {
    std::printf("| %s | %d |", name, labels);
    for (const double gain : {0.0, 0.02, 0.05, 0.10, 0.20, 0.30})
      std::printf(" %.1f |", 100 * acceptance(teacher, gain, labels, 1000, 7, options));
    std::printf("\n");
  }
}

void print_canary(double only_old, double only_new) {
  constexpr int kReleases = 4000;
  std::mt19937 random(5);
  std::uniform_real_distribution<> uniform(0, 1);
  std::vector<int> labels;
  for (int release = 0; release < kReleases; ++release) {
    Canary canary;
    while (!canary.is_over() && !canary.reason_to_roll_back()) {
      const double draw = uniform(random);
      canary.add(draw >= only_new, draw < only_new || draw >= only_new + only_old);
    }
    if (canary.reason_to_roll_back()) labels.push_back(canary.counts().total());
  }
  std::sort(labels.begin(), labels.end());
  std::printf("| %.0f | %.0f | %.1f | %d |\n", 100 * only_old, 100 * only_new,
              100 * static_cast<double>(labels.size()) / kReleases, labels.empty() ? 0 : labels[labels.size() / 2]);
}

}  // namespace
}  // namespace ekya::learner::testing

int main(int count, char** arguments) {
  using namespace ekya::learner::testing;
  const int runs = count > 1 ? std::atoi(arguments[1]) : 40;
  std::printf("1000 swaps: | teacher | accepted | regressions | runs without | lasting | worst, points |\n");
  for (const Row& row : kTeachers) print_swaps(row, {}, runs);
  std::printf("\nThe same without the rule for confusions:\n");
  for (const Row& row : kTeachers) print_swaps(row, options(0.02, 0), runs);
  std::printf("\nAcceptance in %%: | teacher | labels | gain 0 | 2 | 5 | 10 | 20 | 30 |\n");
  print_power("right", {}, {});
  print_power("20 % at random", {0.2}, {});
  std::printf("\nThe same without the rule for confusions, significance 0.02, 0.05, 0.10:\n");
  for (const double significance : {0.02, 0.05, 0.10}) print_power("right", {}, options(significance, 0));
  std::printf("\nCanary: | lost %% | gained %% | taken back %% | median labels |\n");
  const double rates[][2] = {{0.02, 0.02}, {0.1, 0.1},   {0.3, 0.3},   {0.05, 0.03}, {0.08, 0.03},
                             {0.12, 0.02}, {0.15, 0.05}, {0.25, 0.05}, {0.35, 0.05}};
  for (const auto& [lost, gained] : rates) print_canary(lost, gained);
}
