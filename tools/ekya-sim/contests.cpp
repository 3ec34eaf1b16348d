// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya-sim/contests.h"

#include <utility>

#include "ekya-sim/input.h"
#include "ekya/base/file_ops.h"
#include "ekya/base/random.h"
#include "ekya/sim/estimate_error.h"
#include "ekya/sim/generate.h"
#include "ekya/sim/scenario_json.h"

namespace ekya::sim {
namespace {

/// Collects contests from every source that the options name.
class Collector {
 public:
  explicit Collector(const ContestOptions& options) : options_(options) {}

  Result<std::vector<Contest>> collect() {
    if (Status s = add_cases(); !s) return s.error();
    if (Status s = add_scenarios(); !s) return s.error();
    if (Status s = add_generated(); !s) return s.error();
    if (Status s = add_draws(); !s) return s.error();
    if (contests_.empty())
      return Error{ErrorCode::kInvalidArgument,
                   "nothing to compare on; give scenarios, --generate N, --recorded FOLDER or --cases FILE"};
    for (std::size_t i = 0; i < contests_.size(); ++i) disturb(contests_[i], seed_of(i));
    return std::move(contests_);
  }

 private:
  std::uint64_t seed_of(std::size_t i) const { return options_.draw.seed + i; }

  /// How many streams and devices there may be.
  struct Counts {
    std::vector<int> streams, devices;
  };
  Result<Counts> counts(const char* usual_streams, const char* usual_devices) const {
    const auto streams = parse_counts(options_.streams.empty() ? usual_streams : options_.streams);
    if (!streams) return streams.error();
    const auto devices = parse_counts(options_.devices.empty() ? usual_devices : options_.devices);
    if (!devices) return devices.error();
    return Counts{*streams, *devices};
  }

  Status add_cases() {
    if (options_.cases.empty()) return {};
    const auto text = read_text(options_.cases);
    if (!text) return text.error();
    auto read = cases_from_json(*text);
    if (!read) return in_file(options_.cases, read.error());
    for (Case& one : *read) add(std::move(one));
    return {};
  }

  Status add_scenarios() {
    for (const std::string& path : options_.scenarios) {
      const auto text = read_text(path);
      if (!text) return text.error();
      auto scenario = scenario_from_json(*text);
      if (!scenario) return in_file(path, scenario.error());
      add(path, std::move(*scenario));
    }
    return {};
  }

  Status add_generated() {
    const auto counts = this->counts("1-10", "1-4");
    if (!counts) return counts.error();
    GenerateOptions generated;
    generated.windows = options_.windows;
    generated.pooled = !options_.separate;
    generated.curve = curve_named(options_.curve.empty() ? "mixed" : options_.curve);
    generated.window_s = options_.draw.window_s;
    generated.quantum = options_.draw.quantum;
    generated.min_accuracy = options_.draw.min_accuracy;
    for (int i = 0; i < options_.generate; ++i) {
      generated.seed = seed_of(static_cast<std::size_t>(i));
      Random random(generated.seed, 1);
      generated.streams = one_of(counts->streams, random);
      generated.devices = one_of(counts->devices, random);
      add("seed-" + std::to_string(generated.seed), sim::generate(generated));
    }
    return {};
  }

  static int one_of(const std::vector<int>& values, Random& random) {
    return values[static_cast<std::size_t>(random.below(static_cast<int>(values.size())))];
  }

  Status add_draws() {
    if (options_.recorded.empty()) return {};
    const auto recorded = read_recorded(FileOps::system(), options_.recorded);
    if (!recorded) return recorded.error();
    const auto counts = this->counts("10", "1");
    if (!counts) return counts.error();
    DrawOptions draw_options = options_.draw;
    draw_options.pooled = !options_.separate;
    draw_options.mps = options_.curve == "mps";
    for (const int streams : counts->streams)
      for (const int devices : counts->devices)
        for (int i = 0; i < options_.draws; ++i) {
          draw_options.streams = streams;
          draw_options.devices = devices;
          draw_options.seed = seed_of(static_cast<std::size_t>(i));
          add(draw(*recorded, draw_options));
        }
    return {};
  }

  void add(Case one) { contests_.push_back({one.id, std::move(one.believed), std::move(one.truth), std::nullopt}); }

  void add(const std::string& id, Scenario scenario) {
    contests_.push_back({id, problem_of(scenario, /*believed=*/true), problem_of(scenario, /*believed=*/false), {}});
    if (!is_one_problem(scenario)) contests_.back().scenario = std::move(scenario);
  }

  void disturb(Contest& contest, std::uint64_t seed) const {
    if (options_.error > 0) {
      contest.believed = with_estimate_error(contest.truth, options_.error, seed);
      if (contest.scenario) add_estimate_error(*contest.scenario, options_.error, seed);
    }
    if (options_.kappa > 0) {
      contest.believed.kappa = options_.kappa;
      if (contest.scenario) contest.scenario->kappa = options_.kappa;
    }
  }

  const ContestOptions& options_;
  std::vector<Contest> contests_;
};

}  // namespace

double Contest::streams_per_device() const { return static_cast<double>(truth.streams.size()) / total_capacity(truth); }

Result<std::vector<Contest>> contests(const ContestOptions& options) { return Collector(options).collect(); }

}  // namespace ekya::sim
