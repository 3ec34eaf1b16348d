// SPDX-License-Identifier: LGPL-2.1-or-later
#include "trace.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "ekya/scheduler/problem_json.h"

namespace ekya::gst {
namespace {

using Json = nlohmann::ordered_json;

/// Keys of a line, beginning with what it tells and when, in seconds of the steady clock.
Json line(const char* type, Seconds at) { return Json{{"type", type}, {"at", at.count()}}; }

void add_key(Json& json, const scheduler::ClientKey& key) {
  json["stream"] = key.stream;
  json["kind"] = scheduler::to_string(key.kind);
  json["client"] = key.client;
}

Json window_line(const char* state, std::uint64_t number, Seconds begin, Seconds end) {
  Json json = line("window", state[0] == 'o' ? begin : end);
  json["state"] = state;
  json["window"] = number;
  json["begin"] = begin.count();
  json["end"] = end.count();
  return json;
}

Json of(const scheduler::WindowOpened& window) {
  return window_line("opened", window.window, window.begin, window.end);
}

Json of(const scheduler::WindowClosed& window) {
  Json json = window_line("closed", window.window, window.begin, window.end);
  json["streams"] = Json::array();
  for (const auto& stream : window.streams) {
    Json item{{"id", stream.id}, {"expected_accuracy", stream.expected_accuracy}, {"measured_accuracy", nullptr}};
    if (!std::isnan(stream.measured_accuracy)) item["measured_accuracy"] = stream.measured_accuracy;
    json["streams"].push_back(std::move(item));
  }
  return json;
}

Json of(const ToldPlan& told) {
  Json json = line("plan", told.made.at);
  json["number"] = told.made.number;
  json["window"] = told.made.window;
  json["reason"] = told.made.reason;
  json["decision_ms"] = told.made.plan.decision_s * 1e3;
  json["plan"] = Json::parse(scheduler::to_json(told.made.plan));
  json["problem"] = Json::parse(scheduler::to_json(told.problem));
  return json;
}

Json of(const AddressedGrant& addressed) {
  const scheduler::ShareGrant& grant = addressed.grant;
  Json json = line("grant", steady_now());
  add_key(json, grant.key);
  json["share"] = grant.share;
  json["device"] = grant.device;
  json["config"] = grant.config;
  json["until"] = grant.until.count();
  json["plan"] = grant.plan;
  return json;
}

Json of(const scheduler::RetrainingConfig& c) {
  Json json{{"id", c.id}, {"work_s", c.work_s}, {"accuracy", c.accuracy}, {"max_share", c.max_share}};
  if (c.memory_mb != 0) json["memory_mb"] = c.memory_mb;
  if (c.work_sd_s != 0) json["work_sd_s"] = c.work_sd_s;
  if (c.accuracy_sd != 0) json["accuracy_sd"] = c.accuracy_sd;
  return json;
}

/// What the request tells of its stream, where it tells anything.
void add_facts(Json& json, const scheduler::ShareRequest& request) {
  const scheduler::ShareRequest untold;
  if (request.weight != untold.weight) json["weight"] = request.weight;
  if (request.min_accuracy) json["min_accuracy"] = *request.min_accuracy;
  if (request.cached_accuracy != untold.cached_accuracy) json["cached_accuracy"] = request.cached_accuracy;
  if (request.upload_mbit != untold.upload_mbit) json["upload_mbit"] = request.upload_mbit;
  if (request.model_mbit != untold.model_mbit) json["model_mbit"] = request.model_mbit;
}

Json of(const scheduler::ShareRequest& request) {
  Json json = line("request", steady_now());
  add_key(json, request.key);
  json["reason"] = request.reason;
  if (request.accuracy) json["accuracy"] = *request.accuracy;
  if (!request.running.empty()) json["running"] = request.running;
  if (request.key.kind == scheduler::ClientKind::kLabelling) json["demand"] = request.labelling_demand;
  add_facts(json, request);
  Json configs = Json::array();
  for (const auto& c : request.inference)
    configs.push_back(Json{{"id", c.id}, {"demand", c.demand}, {"factor", c.factor}});
  for (const auto& c : request.retraining) configs.push_back(of(c));
  json["configs"] = std::move(configs);
  return json;
}

Json of(const scheduler::ClientKey& key) {
  Json json = line("leave", steady_now());
  add_key(json, key);
  return json;
}

}  // namespace

std::string to_json(const Delivery& delivery) {
  const Json json = std::visit([](const auto& what) { return of(what); }, delivery);
  // A client's name may hold any bytes; they must not make the line fail.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ekya::gst
