// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/clients.h"

#include <algorithm>
#include <limits>

#include "ekya/scheduler/levels.h"
#include "ekya/scheduler/throughput.h"

namespace ekya::scheduler {
namespace {

/// Of a running job's work, at least this part is still to do.
constexpr double kLeastLeft = 0.05;

const RetrainingConfig* running_config(const ShareRequest& request) {
  for (const RetrainingConfig& config : request.retraining)
    if (config.id == request.running) return &config;
  return nullptr;
}

const Device* device_named(const std::vector<Device>& devices, const std::string& id) {
  for (const Device& device : devices)
    if (device.id == id) return &device;
  return nullptr;
}

Stream& stream_named(std::vector<Stream>& streams, const std::string& id, const StreamFacts& facts) {
  if (streams.empty() || streams.back().id != id) {
    Stream& stream = streams.emplace_back();
    stream.id = id;
    const auto accuracy = facts.accuracy.find(id);
    stream.accuracy = accuracy == facts.accuracy.end() ? kUnknownAccuracy : accuracy->second;
    if (const auto device = facts.device.find(id); device != facts.device.end()) stream.device = device->second;
  }
  return streams.back();
}

void add_labelling(const Client& client, Stream& stream) {
  const double sum = stream.labelling_demand + client.request.labelling_demand;
  stream.labelling_demand = std::min(sum, std::numeric_limits<double>::max());
}

void add_retraining(const Client& client, Stream& stream) {
  stream.retraining = as_of_now(client).retraining;
  stream.running = client.request.running;
  if (!stream.running.empty()) stream.retraining_device = client.job_device;
}

void take_facts(const ShareRequest& request, Stream& stream) {
  const ShareRequest untold;
  if (request.weight != untold.weight) stream.weight = request.weight;
  if (request.min_accuracy) stream.min_accuracy = request.min_accuracy;
  if (request.cached_accuracy != untold.cached_accuracy) stream.cached_accuracy = request.cached_accuracy;
  if (request.upload_mbit != untold.upload_mbit) stream.upload_mbit = request.upload_mbit;
  if (request.model_mbit != untold.model_mbit) stream.model_mbit = request.model_mbit;
}

/// Older requests first, so that the newest wins.
std::vector<const Client*> by_age(const Clients& clients) {
  std::vector<const Client*> sorted;
  for (const auto& [key, client] : clients) sorted.push_back(&client);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->sequence < b->sequence; });
  return sorted;
}

void take_facts(const Clients& clients, std::vector<Stream>& streams) {
  std::map<std::string, Stream*> by_id;
  for (Stream& stream : streams) by_id[stream.id] = &stream;
  for (const Client* client : by_age(clients)) take_facts(client->request, *by_id[client->request.key.stream]);
}

}  // namespace

void Client::take(const ShareRequest& next, std::uint64_t number) {
  const RetrainingConfig* before = running_config(request);
  const RetrainingConfig* after = running_config(next);
  if (!before || !after || before->id != after->id || before->work_s != after->work_s) done_s = 0;
  request = next;
  sequence = number;
}

ShareRequest as_of_now(const Client& client) {
  ShareRequest now = client.request;
  for (RetrainingConfig& config : now.retraining)
    if (config.id == now.running) config.work_s = std::max(config.work_s - client.done_s, config.work_s * kLeastLeft);
  return now;
}

void book_work(Clients& clients, const std::vector<Device>& devices, Seconds passed) {
  for (auto& [key, client] : clients) {
    const RetrainingConfig* config = running_config(client.request);
    const Device* device = device_named(devices, client.grant.device);
    if (!config || !device || client.grant.config != config->id) continue;
    const double speed = Throughput(device->throughput).speed(std::min(client.grant.share, config->max_share));
    client.done_s += speed * passed.count();
    client.done_since_plan_s += speed * passed.count();
  }
}

std::vector<Stream> streams_of(const Clients& clients, const StreamFacts& facts) {
  std::vector<Stream> streams;
  std::map<std::string, std::vector<std::vector<InferenceConfig>>> inference;
  for (const auto& [key, client] : clients) {
    Stream& stream = stream_named(streams, key.stream, facts);
    if (key.kind == ClientKind::kInference) inference[key.stream].push_back(levels_of(client.request));
    if (facts.excluded.count(key.stream)) continue;
    if (key.kind == ClientKind::kLabelling) add_labelling(client, stream);
    if (key.kind == ClientKind::kRetraining) add_retraining(client, stream);
  }
  for (Stream& stream : streams)
    if (const auto it = inference.find(stream.id); it != inference.end()) stream.inference = combined(it->second);
  take_facts(clients, streams);
  return streams;
}

}  // namespace ekya::scheduler
