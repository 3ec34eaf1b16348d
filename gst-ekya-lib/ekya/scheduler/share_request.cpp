// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/share_request.h"

#include <algorithm>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/scheduler/check.h"

namespace ekya::scheduler {
namespace {

constexpr std::size_t kMostConfigs = 256;
constexpr std::size_t kLongestName = 256;
/// A weight beyond would let one stream drown the others' figures in rounding.
constexpr double kMostWeight = 1e6;

Status refuse(const std::string& what) { return Error{ErrorCode::kInvalidArgument, what}; }

Status check_key(const ClientKey& key) {
  if (auto s = check_name("stream-id", key.stream); !s) return s;
  if (key.client.empty() || key.client.size() > kLongestName)
    return refuse("client: has " + std::to_string(key.client.size()) + " bytes; use 1 to " +
                  std::to_string(kLongestName));
  return {};
}

Status check_facts(const ShareRequest& request) {
  if (request.accuracy)
    if (auto s = check_fraction("accuracy", *request.accuracy); !s) return s;
  if (!(request.weight > 0 && request.weight <= kMostWeight))
    return refuse("weight: " + in_words(request.weight) + " is not in (0, 1e6]");
  if (request.min_accuracy)
    if (auto s = check_fraction("min-accuracy", *request.min_accuracy); !s) return s;
  if (auto s = check_fraction("cached-accuracy", request.cached_accuracy); !s) return s;
  if (auto s = check_not_negative("upload-mbit", request.upload_mbit); !s) return s;
  return check_not_negative("model-mbit", request.model_mbit);
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
  if (auto s = check_facts(request); !s) return s;
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

bool offers(const ShareRequest& request, const std::string& id) {
  const auto same = [&](const auto& config) { return config.id == id; };
  return std::any_of(request.inference.begin(), request.inference.end(), same) ||
         std::any_of(request.retraining.begin(), request.retraining.end(), same);
}

}  // namespace ekya::scheduler
