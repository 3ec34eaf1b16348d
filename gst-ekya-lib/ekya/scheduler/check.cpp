// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "ekya/base/printable.h"

namespace ekya::scheduler {
namespace {

constexpr std::size_t kLongestId = 128;

Status refuse(std::string_view place, const std::string& what) {
  return Error{ErrorCode::kInvalidArgument, std::string(place) + ": " + what};
}

template <typename Config, typename Check>
Status check_each(const std::string& place, const std::vector<Config>& configs, const Check& check_numbers) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < configs.size(); ++i) {
    const std::string here = place + "[" + std::to_string(i) + "]";
    if (auto s = check_config_id(here + ".id", configs[i].id); !s) return s;
    if (!seen.insert(configs[i].id).second) return refuse(here + ".id", "'" + configs[i].id + "' is there twice");
    if (auto s = check_numbers(here, configs[i]); !s) return s;
  }
  return {};
}

}  // namespace

std::string in_words(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

Status check_fraction(std::string_view place, double value) {
  if (value >= 0 && value <= 1) return {};
  return refuse(place, in_words(value) + " is not in [0, 1]");
}

Status check_not_negative(std::string_view place, double value) {
  if (std::isfinite(value) && value >= 0) return {};
  return refuse(place, in_words(value) + " is not >= 0 and finite");
}

Status check_positive(std::string_view place, double value) {
  if (std::isfinite(value) && value > 0) return {};
  return refuse(place, in_words(value) + " is not > 0 and finite");
}

Status check_config_id(std::string_view place, std::string_view id) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~'; };
  if (id.empty() || id.size() > kLongestId)
    return refuse(place, "has " + std::to_string(id.size()) + " characters; use 1 to " + std::to_string(kLongestId));
  if (!std::all_of(id.begin(), id.end(), plain)) return refuse(place, "has a character that is not printable ASCII");
  return {};
}

Status check_configs(const std::string& place, const std::vector<InferenceConfig>& configs) {
  return check_each(place, configs, [](const std::string& here, const InferenceConfig& config) {
    if (auto s = check_not_negative(here + ".demand", config.demand); !s) return s;
    return check_fraction(here + ".factor", config.factor);
  });
}

Status check_configs(const std::string& place, const std::vector<RetrainingConfig>& configs) {
  return check_each(place, configs, [](const std::string& here, const RetrainingConfig& config) {
    if (auto s = check_positive(here + ".work_s", config.work_s); !s) return s;
    if (auto s = check_fraction(here + ".accuracy", config.accuracy); !s) return s;
    if (auto s = check_positive(here + ".max_share", config.max_share); !s) return s;
    if (auto s = check_not_negative(here + ".memory_mb", config.memory_mb); !s) return s;
    if (auto s = check_not_negative(here + ".work_sd_s", config.work_sd_s); !s) return s;
    return check_fraction(here + ".accuracy_sd", config.accuracy_sd);
  });
}

Status check_running(const std::string& place, const std::vector<RetrainingConfig>& configs, std::string_view running) {
  const auto same = [&](const RetrainingConfig& config) { return config.id == running; };
  if (running.empty() || std::any_of(configs.begin(), configs.end(), same)) return {};
  return refuse(place, "'" + printable(running) + "' is not the id of a retraining config of this stream");
}

}  // namespace ekya::scheduler
