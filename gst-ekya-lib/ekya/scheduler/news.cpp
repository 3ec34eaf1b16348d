// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/news.h"

#include <algorithm>
#include <cmath>

namespace ekya::scheduler {
namespace {

constexpr double kWorthAPlan = 0.1;

/// Whether two figures differ by more than kWorthAPlan of a third one.
bool differ(double planned, double now, double of) { return std::abs(now - planned) > kWorthAPlan * of; }

bool differ(double planned, double now) { return differ(planned, now, planned); }

bool differ(const InferenceConfig& planned, const InferenceConfig& now, double) {
  return differ(planned.demand, now.demand) || differ(planned.factor, now.factor);
}

bool differ(const RetrainingConfig& planned, const RetrainingConfig& now, double done_s) {
  const double left = std::max(0.0, planned.work_s - done_s);
  return differ(left, now.work_s, planned.work_s) || differ(planned.accuracy, now.accuracy) ||
         differ(planned.max_share, now.max_share) || planned.memory_mb != now.memory_mb ||
         differ(planned.work_sd_s, now.work_sd_s, planned.work_s) ||
         differ(planned.accuracy_sd, now.accuracy_sd, planned.accuracy);
}

template <typename Config>
const Config* find(const std::vector<Config>& configs, const std::string& id) {
  const auto it = std::find_if(configs.begin(), configs.end(), [&](const Config& c) { return c.id == id; });
  return it == configs.end() ? nullptr : &*it;
}

template <typename Config>
bool is_news(const std::vector<Config>& planned, const std::vector<Config>& now) {
  if (planned.size() != now.size()) return true;
  return std::any_of(now.begin(), now.end(), [&](const Config& config) {
    const Config* before = find(planned, config.id);
    return !before || differ(*before, config, 0);
  });
}

/// A job that was granted or ran already is compared alone: the client may offer nothing else meanwhile.
bool is_news_of_retraining(const Client& client) {
  const ShareRequest& planned = *client.planned;
  const ShareRequest& now = client.request;
  if (now.running.empty()) return !planned.running.empty() || is_news(planned.retraining, now.retraining);
  if (now.running != planned.running && now.running != client.grant.config) return true;
  const RetrainingConfig* before = find(planned.retraining, now.running);
  return !before || differ(*before, *find(now.retraining, now.running), client.done_since_plan_s);
}

bool is_news_of_facts(const ShareRequest& planned, const ShareRequest& now) {
  return planned.weight != now.weight || planned.min_accuracy != now.min_accuracy ||
         differ(planned.cached_accuracy, now.cached_accuracy) || differ(planned.upload_mbit, now.upload_mbit) ||
         differ(planned.model_mbit, now.model_mbit);
}

}  // namespace

bool is_off(double planned, double now) { return differ(planned, now); }

bool is_news(const Client& client) {
  if (!client.planned) return false;
  const ShareRequest& planned = *client.planned;
  const ShareRequest& now = client.request;
  return is_news(planned.inference, now.inference) || is_off(planned.labelling_demand, now.labelling_demand) ||
         is_news_of_retraining(client) || is_news_of_facts(planned, now);
}

}  // namespace ekya::scheduler
