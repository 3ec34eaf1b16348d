// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/trace_line.h"

#include <cmath>

#include "ekya/base/strict_json.h"
#include "ekya/scheduler/problem_json.h"
#include "ekya/scheduler/problem_parts_json.h"

namespace ekya::scheduler {
namespace {

using strict_json::Ordered;

/// Keys of a line, beginning with what it tells and when.
Ordered line(const char* type, Seconds at) { return Ordered{{"type", type}, {"at", at.count()}}; }

void add_key(Ordered& json, const ClientKey& key) {
  json["stream"] = key.stream;
  json["kind"] = to_string(key.kind);
  json["client"] = key.client;
}

Ordered window_line(const char* state, std::uint64_t number, Seconds at, Seconds begin, Seconds end) {
  Ordered json = line("window", at);
  json["state"] = state;
  json["window"] = number;
  json["begin"] = begin.count();
  json["end"] = end.count();
  return json;
}

/// Facts of a stream that a client told, where they differ from the default.
void add_facts(Ordered& json, const ShareRequest& request) {
  if (request.weight != 1) json["weight"] = request.weight;
  if (request.min_accuracy) json["min_accuracy"] = *request.min_accuracy;
  if (request.cached_accuracy != 0) json["cached_accuracy"] = request.cached_accuracy;
  if (request.upload_mbit != 0) json["upload_mbit"] = request.upload_mbit;
  if (request.model_mbit != 0) json["model_mbit"] = request.model_mbit;
}

/// A client's name may hold any bytes; they must not make the line fail.
std::string text_of(const Ordered& json) { return json.dump(-1, ' ', false, Ordered::error_handler_t::replace); }

}  // namespace

std::string trace_line(const WindowOpened& window) {
  return text_of(window_line("opened", window.window, window.begin, window.begin, window.end));
}

std::string trace_line(const WindowClosed& window) {
  Ordered json = window_line("closed", window.window, window.end, window.begin, window.end);
  json["streams"] = Ordered::array();
  for (const auto& stream : window.streams) {
    Ordered item{{"id", stream.id}, {"expected_accuracy", stream.expected_accuracy}, {"measured_accuracy", nullptr}};
    if (!std::isnan(stream.measured_accuracy)) item["measured_accuracy"] = stream.measured_accuracy;
    json["streams"].push_back(std::move(item));
  }
  return text_of(json);
}

std::string trace_line(const PlanMade& made, const Problem* problem) {
  Ordered json = line("plan", made.at);
  json["number"] = made.number;
  json["window"] = made.window;
  json["reason"] = made.reason;
  json["decision_ms"] = made.plan.decision_s * 1e3;
  json["plan"] = Ordered::parse(to_json(made.plan));
  if (problem) json["problem"] = Ordered::parse(to_json(*problem));
  return text_of(json);
}

std::string trace_line(const ShareGrant& grant, Seconds at) {
  Ordered json = line("grant", at);
  add_key(json, grant.key);
  json["share"] = grant.share;
  json["device"] = grant.device;
  json["config"] = grant.config;
  json["until"] = grant.until.count();
  json["plan"] = grant.plan;
  return text_of(json);
}

std::string trace_line(const ShareRequest& request, Seconds at) {
  Ordered json = line("request", at);
  add_key(json, request.key);
  json["reason"] = request.reason;
  if (request.accuracy) json["accuracy"] = *request.accuracy;
  if (!request.running.empty()) json["running"] = request.running;
  if (request.key.kind == ClientKind::kLabelling) json["demand"] = request.labelling_demand;
  add_facts(json, request);
  Ordered configs = Ordered::array();
  for (const InferenceConfig& config : request.inference) configs.push_back(write(config));
  for (const RetrainingConfig& config : request.retraining) configs.push_back(write(config));
  json["configs"] = std::move(configs);
  return text_of(json);
}

std::string trace_line(const ClientKey& key, Seconds at) {
  Ordered json = line("leave", at);
  add_key(json, key);
  return text_of(json);
}

}  // namespace ekya::scheduler
