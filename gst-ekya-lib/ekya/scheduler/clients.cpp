// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/clients.h"

#include <algorithm>
#include <limits>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

constexpr std::size_t kMostConfigs = 256;
constexpr std::size_t kLongestName = 256;
/// Of a running job's work, at least this part is still to do: only the client knows when it is done.
constexpr double kLeastLeft = 0.05;

Status refuse(const std::string& what) { return Error{ErrorCode::kInvalidArgument, what}; }

Status check_key(const ClientKey& key) {
  if (auto s = check_name("stream-id", key.stream); !s) return s;
  if (key.client.empty() || key.client.size() > kLongestName)
    return refuse("client: has " + std::to_string(key.client.size()) + " bytes; use 1 to " +
                  std::to_string(kLongestName));
  return {};
}

Status check_inference(const ShareRequest& request) {
  if (request.inference.empty() || request.inference.size() > kMostConfigs)
    return refuse("configs: an inference client offers 1 to " + std::to_string(kMostConfigs) + ", not " +
                  std::to_string(request.inference.size()));
  return check_configs("configs", request.inference);
}

Status check_retraining(const ShareRequest& request) {
  if (request.retraining.size() > kMostConfigs)
    return refuse("configs: a retraining client offers at most " + std::to_string(kMostConfigs) + ", not " +
                  std::to_string(request.retraining.size()));
  if (auto s = check_configs("configs", request.retraining); !s) return s;
  return check_running("running", request.retraining, request.running);
}

bool same(const InferenceConfig& a, const InferenceConfig& b) {
  return a.id == b.id && a.demand == b.demand && a.factor == b.factor;
}

bool same(const RetrainingConfig& a, const RetrainingConfig& b) {
  return a.id == b.id && a.work_s == b.work_s && a.accuracy == b.accuracy && a.max_share == b.max_share;
}

template <typename Config>
bool same_list(const std::vector<Config>& a, const std::vector<Config>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto& x, auto& y) { return same(x, y); });
}

/// Clients of one stream and kind, in order.
using Group = std::vector<Client*>;

Group group_of(Clients& clients, const std::string& stream, ClientKind kind) {
  Group group;
  for (auto it = clients.lower_bound({stream, kind, ""}); it != clients.end(); ++it) {
    if (it->first.stream != stream || it->first.kind != kind) break;
    group.push_back(&it->second);
  }
  return group;
}

/// Configs from the dearest down: the levels of one client.
std::vector<InferenceConfig> levels_of(const ShareRequest& request) {
  std::vector<InferenceConfig> levels = request.inference;
  std::stable_sort(levels.begin(), levels.end(), [](auto& a, auto& b) { return a.demand > b.demand; });
  return levels;
}

const InferenceConfig& level(const std::vector<InferenceConfig>& levels, std::size_t k) {
  return levels[std::min(k, levels.size() - 1)];
}

std::string level_id(std::size_t k) { return "level-" + std::to_string(k); }

std::vector<InferenceConfig> combined(const std::vector<std::vector<InferenceConfig>>& clients) {
  if (clients.size() == 1) return clients.front();
  std::size_t most = 0;
  for (const auto& levels : clients) most = std::max(most, levels.size());
  std::vector<InferenceConfig> result;
  for (std::size_t k = 0; k < most; ++k) {
    InferenceConfig sum{level_id(k), 0, 0};
    for (const auto& levels : clients) {
      sum.demand += level(levels, k).demand;
      sum.factor += level(levels, k).factor / static_cast<double>(clients.size());
    }
    sum.demand = std::min(sum.demand, std::numeric_limits<double>::max());
    sum.factor = std::min(sum.factor, 1.0);
    result.push_back(sum);
  }
  return result;
}

void add_retraining(const Client& client, Stream& stream) {
  stream.retraining = client.request.retraining;
  stream.running = client.request.running;
  for (RetrainingConfig& config : stream.retraining)
    if (config.id == stream.running)
      config.work_s = std::max(config.work_s - client.done_s, config.work_s * kLeastLeft);
}

Stream& stream_named(std::vector<Stream>& streams, const std::string& id, const StreamFacts& facts) {
  if (streams.empty() || streams.back().id != id) {
    streams.emplace_back();
    streams.back().id = id;
    const auto known = facts.accuracy.find(id);
    streams.back().accuracy = known == facts.accuracy.end() ? kUnknownAccuracy : known->second;
  }
  return streams.back();
}

/// Parts in proportion to the weights; equal ones where all weights are 0. Sums to `share` but for rounding.
std::vector<double> split(double share, const std::vector<double>& weights) {
  const double most = weights.empty() ? 0 : *std::max_element(weights.begin(), weights.end());
  double sum = 0;  // of the weights relative to the largest: huge ones must not overflow
  for (double weight : weights) sum += most > 0 ? weight / most : 1;
  std::vector<double> parts;
  for (double weight : weights) parts.push_back(share * (most > 0 ? weight / most : 1) / sum);
  return parts;
}

void grant_inference(const StreamPlan& plan, const Group& group) {
  std::vector<std::vector<InferenceConfig>> levels;
  for (const Client* client : group) levels.push_back(levels_of(client->request));
  std::vector<double> weights;
  std::vector<std::string> ids;
  const std::vector<InferenceConfig> all = group.empty() ? std::vector<InferenceConfig>{} : combined(levels);
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (all[k].id != plan.inference_config) continue;
    for (const auto& client : levels) {
      weights.push_back(level(client, k).demand);
      ids.push_back(level(client, k).id);
    }
  }
  if (weights.empty())
    for (const Client* client : group) weights.push_back(full_demand(client->request));
  const std::vector<double> parts = split(plan.inference_share, weights);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i]->grant.share = parts[i];
    group[i]->grant.config = ids.empty() ? fitting_config(group[i]->request, parts[i]) : ids[i];
  }
}

void grant_labelling(const StreamPlan& plan, const Group& group) {
  std::vector<double> weights;
  for (const Client* client : group) weights.push_back(client->request.labelling_demand);
  const std::vector<double> parts = split(plan.labelling_share, weights);
  for (std::size_t i = 0; i < group.size(); ++i) group[i]->grant.share = parts[i];
}

void grant_retraining(const StreamPlan& plan, const Group& group) {
  for (Client* client : group) {
    client->grant.share = plan.retraining_share;
    client->grant.config = plan.retraining_config;
  }
}

}  // namespace

const char* to_string(ClientKind kind) {
  switch (kind) {
    case ClientKind::kInference:
      return "inference";
    case ClientKind::kLabelling:
      return "labelling";
    case ClientKind::kRetraining:
      return "retraining";
  }
  return "inference";
}

std::optional<ClientKind> client_kind(std::string_view name) {
  for (ClientKind kind : {ClientKind::kInference, ClientKind::kLabelling, ClientKind::kRetraining})
    if (name == to_string(kind)) return kind;
  return std::nullopt;
}

Status check(const ShareRequest& request) {
  if (auto s = check_key(request.key); !s) return s;
  if (request.accuracy)
    if (auto s = check_fraction("accuracy", *request.accuracy); !s) return s;
  switch (request.key.kind) {
    case ClientKind::kInference:
      return check_inference(request);
    case ClientKind::kLabelling:
      return check_not_negative("demand", request.labelling_demand);
    case ClientKind::kRetraining:
      return check_retraining(request);
  }
  return refuse("kind: is none of inference, labelling, retraining");
}

bool asks_the_same(const ShareRequest& a, const ShareRequest& b) {
  return same_list(a.inference, b.inference) && same_list(a.retraining, b.retraining) &&
         a.labelling_demand == b.labelling_demand && a.accuracy == b.accuracy && a.running == b.running;
}

double full_demand(const ShareRequest& request) {
  double most = request.key.kind == ClientKind::kLabelling ? request.labelling_demand : 0;
  for (const InferenceConfig& config : request.inference) most = std::max(most, config.demand);
  return most;
}

std::string fitting_config(const ShareRequest& request, double share) {
  const InferenceConfig* best = nullptr;
  for (const InferenceConfig& config : request.inference)
    if (config.demand <= share + kShareTolerance && (!best || config.factor > best->factor)) best = &config;
  return best ? best->id : "";
}

std::vector<Stream> streams_of(const Clients& clients, const StreamFacts& facts) {
  std::vector<Stream> streams;
  std::map<std::string, std::vector<std::vector<InferenceConfig>>> inference;
  for (const auto& [key, client] : clients) {
    Stream& stream = stream_named(streams, key.stream, facts);
    if (key.kind == ClientKind::kInference) inference[key.stream].push_back(levels_of(client.request));
    if (facts.excluded.count(key.stream)) continue;
    if (key.kind == ClientKind::kLabelling)
      stream.labelling_demand =
          std::min(stream.labelling_demand + client.request.labelling_demand, std::numeric_limits<double>::max());
    if (key.kind == ClientKind::kRetraining) add_retraining(client, stream);
  }
  for (Stream& stream : streams)
    if (const auto it = inference.find(stream.id); it != inference.end()) stream.inference = combined(it->second);
  return streams;
}

void set_grants(const Plan& plan, Clients& clients) {
  for (const StreamPlan& stream : plan.streams) {
    grant_inference(stream, group_of(clients, stream.id, ClientKind::kInference));
    grant_labelling(stream, group_of(clients, stream.id, ClientKind::kLabelling));
    grant_retraining(stream, group_of(clients, stream.id, ClientKind::kRetraining));
  }
}

void shrink(Clients& clients, double limit, const std::set<ClientKey>& fixed) {
  double held = 0, free = 0;
  for (const auto& [key, client] : clients) (fixed.count(key) ? held : free) += client.grant.share;
  if (held + free <= limit) return;
  const double scale_free = free > 0 ? std::max(0.0, limit - held) / free : 0;
  const double scale_held = held > limit ? std::max(0.0, limit) / held : 1;
  for (auto& [key, client] : clients) {
    client.grant.share *= fixed.count(key) ? scale_held : scale_free;
    if (key.kind == ClientKind::kInference) client.grant.config = fitting_config(client.request, client.grant.share);
  }
}

}  // namespace ekya::scheduler
