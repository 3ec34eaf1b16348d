// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/problem_json.h"

#include "ekya/base/strict_json.h"
#include "ekya/scheduler/problem_parts_json.h"

namespace ekya::scheduler {
namespace {

using strict_json::Fields;
using strict_json::Json;
using strict_json::Ordered;
using strict_json::text_of;
using strict_json::Trouble;

/// Deepest nesting of the format: object, streams, stream, configs, config.
constexpr int kDeepest = 5;

Stream read_stream(const Json& json, const std::string& place, Trouble& trouble) {
  Stream stream;
  Fields fields(json, place, trouble);
  fields.string("id", stream.id);
  fields.number("accuracy", stream.accuracy);
  fields.maybe_number("labelling_demand", stream.labelling_demand);
  fields.maybe_number("min_accuracy", stream.min_accuracy);
  fields.maybe_array("inference", [&](const Json& config, const std::string& here) {
    stream.inference.push_back(read_inference(config, here, trouble));
  });
  fields.maybe_array("retraining", [&](const Json& config, const std::string& here) {
    stream.retraining.push_back(read_retraining(config, here, trouble));
  });
  fields.maybe_string("running", stream.running);
  fields.maybe_number("weight", stream.weight);
  fields.maybe_string("device", stream.device);
  fields.maybe_string("retraining_device", stream.retraining_device);
  fields.maybe_number("cached_accuracy", stream.cached_accuracy);
  fields.maybe_number("upload_mbit", stream.upload_mbit);
  fields.maybe_number("model_mbit", stream.model_mbit);
  return stream;
}

Problem read_problem(const Json& json, Trouble& trouble) {
  Problem problem;
  Fields fields(json, "", trouble);
  fields.number("window_s", problem.window_s);
  fields.number("quantum", problem.quantum);
  fields.number("min_accuracy", problem.min_accuracy);
  fields.maybe_number("kappa", problem.kappa);
  problem.devices.clear();
  fields.array("devices", [&](const Json& device, const std::string& place) {
    problem.devices.push_back(read_device(device, place, trouble));
  });
  fields.maybe_object(
      "cloud", [&](const Json& cloud, const std::string& place) { problem.cloud = read_cloud(cloud, place, trouble); });
  fields.array("streams", [&](const Json& stream, const std::string& place) {
    problem.streams.push_back(read_stream(stream, place, trouble));
  });
  return problem;
}

Phase read_phase(const Json& json, const std::string& place, Trouble& trouble) {
  Phase phase;
  Fields fields(json, place, trouble);
  fields.number("begin_s", phase.begin_s);
  fields.string("inference_config", phase.inference_config);
  fields.number("inference_share", phase.inference_share);
  fields.number("retraining_share", phase.retraining_share);
  return phase;
}

Delivery read_delivery(const Json& json, const std::string& place, Trouble& trouble) {
  Delivery delivery;
  Fields fields(json, place, trouble);
  fields.number("at_s", delivery.at_s);
  fields.number("accuracy", delivery.accuracy);
  return delivery;
}

StreamPlan read_stream_plan(const Json& json, const std::string& place, Trouble& trouble) {
  StreamPlan stream;
  Fields fields(json, place, trouble);
  fields.string("id", stream.id);
  fields.string("inference_config", stream.inference_config);
  fields.string("retraining_config", stream.retraining_config);
  fields.number("inference_share", stream.inference_share);
  fields.number("labelling_share", stream.labelling_share);
  fields.number("retraining_share", stream.retraining_share);
  fields.number("expected_accuracy", stream.expected_accuracy);
  fields.string("device", stream.device);
  fields.string("retraining_device", stream.retraining_device);
  fields.maybe_array("phases", [&](const Json& phase, const std::string& here) {
    stream.phases.push_back(read_phase(phase, here, trouble));
  });
  fields.maybe_object("delivery", [&](const Json& delivery, const std::string& here) {
    stream.delivery = read_delivery(delivery, here, trouble);
  });
  return stream;
}

Plan read_plan(const Json& json, Trouble& trouble) {
  Plan plan;
  Fields fields(json, "", trouble);
  fields.string("policy", plan.policy);
  fields.array("streams", [&](const Json& stream, const std::string& place) {
    plan.streams.push_back(read_stream_plan(stream, place, trouble));
  });
  fields.number("mean_accuracy", plan.mean_accuracy);
  fields.maybe_number("upper_bound", plan.upper_bound);
  fields.maybe_array("floors_missed", [&](const Json& id, const std::string& place) {
    if (!id.is_string()) return trouble.add(place, "is not a string");
    plan.floors_missed.push_back(id.get<std::string>());
  });
  fields.maybe_number("decision_s", plan.decision_s);
  return plan;
}

Ordered write(const Stream& stream) {
  Ordered inference = Ordered::array(), retraining = Ordered::array();
  for (const InferenceConfig& c : stream.inference) inference.push_back(write(c));
  for (const RetrainingConfig& c : stream.retraining) retraining.push_back(write(c));
  Ordered json = {{"id", stream.id}, {"accuracy", stream.accuracy}, {"labelling_demand", stream.labelling_demand}};
  if (stream.min_accuracy) json["min_accuracy"] = *stream.min_accuracy;
  json["inference"] = std::move(inference);
  json["retraining"] = std::move(retraining);
  json["running"] = stream.running;
  json["weight"] = stream.weight;
  json["device"] = stream.device;
  json["retraining_device"] = stream.retraining_device;
  json["cached_accuracy"] = stream.cached_accuracy;
  json["upload_mbit"] = stream.upload_mbit;
  json["model_mbit"] = stream.model_mbit;
  return json;
}

Ordered write(const StreamPlan& stream) {
  Ordered phases = Ordered::array();
  for (const Phase& phase : stream.phases)
    phases.push_back({{"begin_s", phase.begin_s},
                      {"inference_config", phase.inference_config},
                      {"inference_share", phase.inference_share},
                      {"retraining_share", phase.retraining_share}});
  Ordered json = {{"id", stream.id},
                  {"device", stream.device},
                  {"inference_config", stream.inference_config},
                  {"retraining_config", stream.retraining_config},
                  {"retraining_device", stream.retraining_device},
                  {"inference_share", stream.inference_share},
                  {"labelling_share", stream.labelling_share},
                  {"retraining_share", stream.retraining_share},
                  {"expected_accuracy", stream.expected_accuracy},
                  {"phases", std::move(phases)}};
  if (stream.delivery) json["delivery"] = {{"at_s", stream.delivery->at_s}, {"accuracy", stream.delivery->accuracy}};
  return json;
}

}  // namespace

Result<Problem> problem_from_json(std::string_view text) {
  Result<Problem> problem = strict_json::read(text, kLargestJson, kDeepest, read_problem);
  if (!problem) return problem;
  if (Status s = validate(*problem); !s) return s.error();
  return problem;
}

Result<Plan> plan_from_json(std::string_view text) {
  return strict_json::read(text, kLargestJson, kDeepest, read_plan);
}

std::string to_json(const Problem& problem) {
  Ordered json = {{"window_s", problem.window_s},
                  {"quantum", problem.quantum},
                  {"min_accuracy", problem.min_accuracy},
                  {"kappa", problem.kappa}};
  json["devices"] = Ordered::array();
  for (const Device& device : problem.devices) json["devices"].push_back(write(device));
  json["streams"] = Ordered::array();
  for (const Stream& stream : problem.streams) json["streams"].push_back(write(stream));
  if (problem.cloud) json["cloud"] = write(*problem.cloud);
  return text_of(json);
}

std::string to_json(const Plan& plan) {
  Ordered json = {{"policy", plan.policy},
                  {"mean_accuracy", plan.mean_accuracy},
                  {"upper_bound", plan.upper_bound},
                  {"floors_missed", plan.floors_missed},
                  {"decision_s", plan.decision_s}};
  json["streams"] = Ordered::array();
  for (const StreamPlan& stream : plan.streams) json["streams"].push_back(write(stream));
  return text_of(json);
}

}  // namespace ekya::scheduler
