// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/problem_json.h"

#include <nlohmann/json.hpp>
#include <set>

#include "ekya/base/printable.h"

namespace ekya::scheduler {
namespace {

/// Read: a tree, since looking a key up in `ordered_json` is linear. Written: in the order of the documentation.
using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

/// Deepest nesting of the format: object, streams, stream, configs, config.
constexpr int kDeepest = 5;

/// The first thing that is wrong; later ones are of no interest.
class Trouble {
 public:
  void add(const std::string& place, const std::string& what) {
    if (text_.empty()) text_ = place.empty() ? what : place + ": " + what;
  }
  bool any() const { return !text_.empty(); }
  Error error() const { return {ErrorCode::kInvalidArgument, text_}; }

 private:
  std::string text_;
};

/// Notes nesting and doubled keys, which the parsed value no longer shows.
class Strict {
 public:
  explicit Strict(Trouble& trouble) : trouble_(trouble) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (trouble_.any()) return false;
    if (event == Event::object_start || event == Event::array_start) {
      keys_.emplace_back();
      if (depth >= kDeepest) trouble_.add("", "nested deeper than " + std::to_string(kDeepest) + " levels");
    } else if (event == Event::object_end || event == Event::array_end) {
      keys_.pop_back();
    } else if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      trouble_.add(printable(parsed.get<std::string>()), "the key is there twice in one object");
    }
    return !trouble_.any();
  }

 private:
  Trouble& trouble_;
  std::vector<std::set<std::string>> keys_;
};

/// Reads the fields of one object and, at the end, complains of those that nobody asked for.
class Fields {
 public:
  Fields(const Json& json, std::string place, Trouble& trouble)
      : json_(json), place_(std::move(place)), trouble_(trouble) {
    if (!json.is_object()) trouble_.add(place_.empty() ? "the text" : place_, "is not an object");
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  ~Fields() {
    if (!json_.is_object()) return;
    for (const auto& [key, value] : json_.items())
      if (!known_.count(key)) trouble_.add(at(printable(key)), "is not a known field");
  }

  void number(const char* key, double& value) {
    const Json* json = find(key);
    if (!json) return missing(key);
    if (!json->is_number()) return trouble_.add(at(key), "is not a number");
    value = json->get<double>();
  }
  void string(const char* key, std::string& value) {
    const Json* json = find(key);
    if (!json) return missing(key);
    if (!json->is_string()) return trouble_.add(at(key), "is not a string");
    value = json->get<std::string>();
  }
  void maybe_number(const char* key, double& value) {
    if (find(key)) number(key, value);
  }
  void maybe_number(const char* key, std::optional<double>& value) {
    if (find(key)) number(key, value.emplace());
  }
  void maybe_string(const char* key, std::string& value) {
    if (find(key)) string(key, value);
  }

  /// Calls `read(element, place)` for each element of an array.
  template <typename Read>
  void array(const char* key, const Read& read) {
    const Json* json = find(key);
    if (!json) return missing(key);
    each(key, *json, read);
  }
  template <typename Read>
  void maybe_array(const char* key, const Read& read) {
    if (const Json* json = find(key)) each(key, *json, read);
  }

  /// Calls `read(object, place)` where the key is there.
  template <typename Read>
  void maybe_object(const char* key, const Read& read) {
    if (const Json* json = find(key)) read(*json, at(key));
  }

 private:
  const Json* find(const char* key) {
    known_.insert(key);
    if (!json_.is_object()) return nullptr;
    const auto it = json_.find(key);
    return it == json_.end() ? nullptr : &*it;
  }
  template <typename Read>
  void each(const char* key, const Json& json, const Read& read) {
    if (!json.is_array()) return trouble_.add(at(key), "is not an array");
    for (std::size_t i = 0; i < json.size() && !trouble_.any(); ++i)
      read(json[i], at(key) + "[" + std::to_string(i) + "]");
  }
  void missing(const char* key) { trouble_.add(at(key), "is missing"); }
  std::string at(const std::string& key) const { return place_.empty() ? key : place_ + "." + key; }

  const Json& json_;
  std::string place_;
  Trouble& trouble_;
  std::set<std::string> known_;
};

InferenceConfig read_inference(const Json& json, const std::string& place, Trouble& trouble) {
  InferenceConfig config;
  Fields fields(json, place, trouble);
  fields.string("id", config.id);
  fields.number("demand", config.demand);
  fields.number("factor", config.factor);
  return config;
}

RetrainingConfig read_retraining(const Json& json, const std::string& place, Trouble& trouble) {
  RetrainingConfig config;
  Fields fields(json, place, trouble);
  fields.string("id", config.id);
  fields.number("work_s", config.work_s);
  fields.number("accuracy", config.accuracy);
  fields.maybe_number("max_share", config.max_share);
  fields.maybe_number("memory_mb", config.memory_mb);
  fields.maybe_number("work_sd_s", config.work_sd_s);
  fields.maybe_number("accuracy_sd", config.accuracy_sd);
  return config;
}

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

CurvePoint read_point(const Json& json, const std::string& place, Trouble& trouble) {
  if (json.is_array() && json.size() == 2 && json[0].is_number() && json[1].is_number())
    return {json[0].get<double>(), json[1].get<double>()};
  trouble.add(place, "is not a pair [share, speed] of numbers");
  return {};
}

Device read_device(const Json& json, const std::string& place, Trouble& trouble) {
  Device device;
  Fields fields(json, place, trouble);
  fields.string("id", device.id);
  fields.number("capacity", device.capacity);
  fields.maybe_number("memory_mb", device.memory_mb);
  fields.maybe_array("throughput", [&](const Json& point, const std::string& here) {
    device.throughput.push_back(read_point(point, here, trouble));
  });
  return device;
}

Cloud read_cloud(const Json& json, const std::string& place, Trouble& trouble) {
  Cloud cloud;
  Fields fields(json, place, trouble);
  fields.number("uplink_mbps", cloud.uplink_mbps);
  fields.number("downlink_mbps", cloud.downlink_mbps);
  fields.maybe_number("delay_s", cloud.delay_s);
  return cloud;
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

Result<Json> parse(std::string_view text) {
  if (text.size() > kLargestJson)
    return Error{ErrorCode::kInvalidArgument,
                 "the text has " + std::to_string(text.size()) + " bytes, more than " + std::to_string(kLargestJson)};
  Trouble trouble;
  try {
    Json json = Json::parse(text.begin(), text.end(), Strict(trouble));
    if (trouble.any()) return trouble.error();
    return json;
  } catch (const std::exception& e) {
    return Error{ErrorCode::kInvalidArgument, "not JSON: " + printable(e.what(), 200)};
  }
}

template <typename T>
Result<T> read(std::string_view text, T (*read_fields)(const Json&, Trouble&)) {
  const Result<Json> json = parse(text);
  if (!json) return json.error();
  Trouble trouble;
  T value = read_fields(*json, trouble);
  if (trouble.any()) return trouble.error();
  return value;
}

Ordered write(const RetrainingConfig& c) {
  return {{"id", c.id},
          {"work_s", c.work_s},
          {"accuracy", c.accuracy},
          {"max_share", c.max_share},
          {"memory_mb", c.memory_mb},
          {"work_sd_s", c.work_sd_s},
          {"accuracy_sd", c.accuracy_sd}};
}

Ordered write(const Device& device) {
  Ordered json = {{"id", device.id}, {"capacity", device.capacity}};
  if (device.memory_mb < std::numeric_limits<double>::infinity()) json["memory_mb"] = device.memory_mb;
  Ordered curve = Ordered::array();
  for (const CurvePoint& point : device.throughput) curve.push_back(Ordered::array({point.share, point.speed}));
  if (!curve.empty()) json["throughput"] = std::move(curve);
  return json;
}

Ordered write(const Stream& stream) {
  Ordered inference = Ordered::array(), retraining = Ordered::array();
  for (const InferenceConfig& c : stream.inference)
    inference.push_back({{"id", c.id}, {"demand", c.demand}, {"factor", c.factor}});
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

/// Bytes that are no UTF-8 are replaced, since an exception here would be worse.
std::string text_of(const Ordered& json) { return json.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n"; }

}  // namespace

Result<Problem> problem_from_json(std::string_view text) {
  Result<Problem> problem = read(text, read_problem);
  if (!problem) return problem;
  if (Status s = validate(*problem); !s) return s.error();
  return problem;
}

Result<Plan> plan_from_json(std::string_view text) { return read(text, read_plan); }

std::string to_json(const Problem& problem) {
  Ordered json = {{"window_s", problem.window_s},
                  {"quantum", problem.quantum},
                  {"min_accuracy", problem.min_accuracy},
                  {"kappa", problem.kappa}};
  json["devices"] = Ordered::array();
  for (const Device& device : problem.devices) json["devices"].push_back(write(device));
  json["streams"] = Ordered::array();
  for (const Stream& stream : problem.streams) json["streams"].push_back(write(stream));
  if (problem.cloud)
    json["cloud"] = {{"uplink_mbps", problem.cloud->uplink_mbps},
                     {"downlink_mbps", problem.cloud->downlink_mbps},
                     {"delay_s", problem.cloud->delay_s}};
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
