// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <map>

#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/policies.h"

namespace ekya::scheduler {
namespace {

/// What one config is worth to all streams.
struct Usefulness {
  double gain = 0;    ///< Weighted sum of the window accuracy that it adds at fair shares.
  double work_s = 0;  ///< Of all streams.
  std::size_t first = 0;

  bool beats(const Usefulness& other) const {
    if (gain != other.gain) return gain > other.gain;
    return work_s != other.work_s ? work_s < other.work_s : first < other.first;
  }
};

/// Id of the config that adds most where each stream has one fair share for inference and one for retraining; of equal
/// ones the one with less work, then the one that is listed first. Empty: no stream has a candidate.
std::string fixed_config(const Problem& problem) {
  const DeviceWindow window(problem);
  const double fair = total_capacity(problem) / (2 * static_cast<double>(problem.streams.size()));
  std::map<std::string, Usefulness> configs;
  for (const Stream& stream : problem.streams) {
    const double without = estimate_choice(window, stream, fair, 0, nullptr).accuracy;
    for (const RetrainingConfig& config : stream.retraining) {
      if (!is_candidate(stream, config)) continue;
      const double with = estimate_choice(window, stream, fair, fair, &config).accuracy;
      Usefulness& useful = configs.try_emplace(config.id, Usefulness{0, 0, configs.size()}).first->second;
      useful.gain += stream.weight * std::max(0.0, with - without);
      useful.work_s += config.work_s;
    }
  }
  const auto best = std::max_element(configs.begin(), configs.end(),
                                     [](const auto& a, const auto& b) { return b.second.beats(a.second); });
  return best == configs.end() ? "" : best->first;
}

class FixedConfig final : public Policy {
 public:
  std::string name() const override { return "fixed-config"; }

  Plan plan(const Problem& problem) const override {
    Problem fixed = problem;
    const std::string id = fixed_config(problem);
    for (Stream& stream : fixed.streams) {
      const auto other = [&](const RetrainingConfig& c) { return c.id != id && c.id != stream.running; };
      stream.retraining.erase(std::remove_if(stream.retraining.begin(), stream.retraining.end(), other),
                              stream.retraining.end());
    }
    Plan plan = make_thief()->plan(fixed);
    plan.policy = name();
    return plan;
  }
};

}  // namespace

std::unique_ptr<Policy> make_fixed_config() { return std::make_unique<FixedConfig>(); }

}  // namespace ekya::scheduler
