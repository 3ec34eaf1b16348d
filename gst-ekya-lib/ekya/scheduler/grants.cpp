// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/grants.h"

#include <algorithm>

#include "ekya/scheduler/check.h"
#include "ekya/scheduler/levels.h"
#include "ekya/scheduler/pick.h"
#include "ekya/scheduler/share_request.h"

namespace ekya::scheduler {
namespace {

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
    group[i]->grant.device = plan.device;
    group[i]->grant.config = ids.empty() ? fitting_config(group[i]->request, parts[i]) : ids[i];
  }
}

void grant_labelling(const StreamPlan& plan, const Group& group) {
  std::vector<double> weights;
  for (const Client* client : group) weights.push_back(client->request.labelling_demand);
  const std::vector<double> parts = split(plan.labelling_share, weights);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i]->grant.share = parts[i];
    group[i]->grant.device = plan.device;
  }
}

void grant_retraining(const StreamPlan& plan, const Group& group) {
  for (Client* client : group) {
    const bool named = plan.retraining_share > 0 || plan.retraining_config == client->request.running;
    client->grant.share = plan.retraining_share;
    client->grant.config = named ? plan.retraining_config : "";
    client->grant.device = plan.retraining_device.empty() ? plan.device : plan.retraining_device;
    if (!client->grant.config.empty()) client->job_device = client->grant.device;
  }
}

const ClientKey& key_of(const Client& client) { return client.request.key; }

const Steering* order_for(const Orders& orders, const Client& client) {
  const auto it = orders.find({key_of(client).stream, key_of(client).kind});
  return it == orders.end() ? nullptr : &it->second;
}

bool is_pinned(const Orders& orders, const Client& client) {
  const Steering* order = order_for(orders, client);
  return order && order->pin;
}

/// What the clients of a device hold, in devices.
struct Held {
  double pinned = 0;
  double free = 0;  ///< Of those who give for others.
  double labelling = 0;
  std::size_t clients = 0;

  double sum() const { return pinned + free; }
};

Held held_on(const Clients& clients, const std::string& device, const Orders& orders) {
  Held held;
  for (const auto& [key, client] : clients) {
    if (client.grant.device != device) continue;
    (is_pinned(orders, client) ? held.pinned : held.free) += client.grant.share;
    if (key.kind == ClientKind::kLabelling) held.labelling += client.grant.share;
    ++held.clients;
  }
  return held;
}

/// Scales the shares of a device down so that they sum to at most `limit`.
void shrink(Clients& clients, const std::string& device, double limit, const Orders& orders) {
  const Held held = held_on(clients, device, orders);
  if (held.sum() <= limit) return;
  const double scale_free = held.free > 0 ? std::max(0.0, limit - held.pinned) / held.free : 0;
  const double scale_pinned = held.pinned > limit ? std::max(0.0, limit) / held.pinned : 1;
  for (auto& [key, client] : clients) {
    if (client.grant.device != device) continue;
    client.grant.share *= is_pinned(orders, client) ? scale_pinned : scale_free;
    if (key.kind == ClientKind::kInference) client.grant.config = fitting_config(client.request, client.grant.share);
  }
}

const Device& emptiest(const Clients& clients, const std::vector<Device>& devices, const Orders& orders) {
  const Device* best = &devices.front();
  double least = held_on(clients, best->id, orders).sum() / best->capacity;
  for (const Device& device : devices) {
    const double held = held_on(clients, device.id, orders).sum() / device.capacity;
    if (held >= least) continue;
    best = &device;
    least = held;
  }
  return *best;
}

/// The device of the stream's other clients, else the emptiest one.
const Device& device_for(const ClientKey& key, const Clients& clients, const std::vector<Device>& devices,
                         const Orders& orders) {
  for (auto it = clients.lower_bound({key.stream, ClientKind::kInference, ""});
       it != clients.end() && it->first.stream == key.stream; ++it)
    for (const Device& device : devices)
      if (it->first != key && it->second.grant.device == device.id) return device;
  return emptiest(clients, devices, orders);
}

double wanted_at_once(const Client& client, const Device& device, const Held& held, const Orders& orders) {
  const ClientKind kind = key_of(client).kind;
  const double demand = full_demand(client.request);
  double share = device.capacity / static_cast<double>(held.clients);
  if (demand > 0) share = std::min(share, demand);
  if (kind == ClientKind::kLabelling)
    share = std::min({share, demand, std::max(0.0, kLabellingFraction * device.capacity - held.labelling)});
  const bool excluded = excluded_streams(orders).count(key_of(client).stream) > 0;
  if (kind == ClientKind::kRetraining || (kind == ClientKind::kLabelling && excluded)) return 0;
  const Steering* order = order_for(orders, client);
  return order ? std::min({share, order->pin.value_or(share), order->cap.value_or(share)}) : share;
}

}  // namespace

void set_grants(const Plan& plan, Clients& clients) {
  for (const StreamPlan& stream : plan.streams) {
    grant_inference(stream, group_of(clients, stream.id, ClientKind::kInference));
    grant_labelling(stream, group_of(clients, stream.id, ClientKind::kLabelling));
    grant_retraining(stream, group_of(clients, stream.id, ClientKind::kRetraining));
  }
}

void grant_at_once(Client& client, Clients& clients, const std::vector<Device>& devices, const Orders& orders) {
  const Device& device = device_for(key_of(client), clients, devices, orders);
  client.grant.device = device.id;
  const Held held = held_on(clients, device.id, orders);
  double share = std::min(wanted_at_once(client, device, held, orders), std::max(0.0, device.capacity - held.pinned));
  if (key_of(client).kind != ClientKind::kInference)
    share = std::min(share, std::max(0.0, device.capacity - held.sum()));
  shrink(clients, device.id, device.capacity - share, orders);
  client.grant.share = share;
  client.grant.config = fitting_config(client.request, share);
}

void keep_offered_config(Client& client, bool job_done) {
  if (client.grant.config.empty()) return;
  const bool retraining = key_of(client).kind == ClientKind::kRetraining;
  if (offers(client.request, client.grant.config) && !(retraining && job_done)) return;
  client.grant.config = retraining ? "" : fitting_config(client.request, client.grant.share);
  if (retraining) client.grant.share = 0;
}

void fit_grants(Clients& clients, const std::vector<Device>& devices, const Orders& orders) {
  const auto exists = [&](const std::string& id) {
    return std::any_of(devices.begin(), devices.end(), [&](const Device& device) { return device.id == id; });
  };
  for (auto& [key, client] : clients) {
    if (!exists(client.grant.device)) client.grant.device = device_for(key, clients, devices, orders).id;
    if (!exists(client.job_device)) client.job_device.clear();
  }
  for (const Device& device : devices) shrink(clients, device.id, device.capacity, orders);
}

}  // namespace ekya::scheduler
