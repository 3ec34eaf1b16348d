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
  return stream;
}

void read_device(const Json& json, const std::string& place, Trouble& trouble, Problem& problem) {
  Fields fields(json, place, trouble);
  fields.string("id", problem.device);
  fields.number("capacity", problem.capacity);
}

Problem read_problem(const Json& json, Trouble& trouble) {
  Problem problem;
  Fields fields(json, "", trouble);
  fields.number("window_s", problem.window_s);
  fields.number("quantum", problem.quantum);
  fields.number("min_accuracy", problem.min_accuracy);
  int devices = 0;
  fields.array("devices", [&](const Json& device, const std::string& place) {
    if (devices++ > 0) return trouble.add(place, "is a second device; this version plans for one");
    read_device(device, place, trouble, problem);
  });
  if (devices == 0) trouble.add("devices", "is empty; name the one device");
  fields.array("streams", [&](const Json& stream, const std::string& place) {
    problem.streams.push_back(read_stream(stream, place, trouble));
  });
  return problem;
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

Ordered write(const Stream& stream) {
  Ordered inference = Ordered::array(), retraining = Ordered::array();
  for (const InferenceConfig& c : stream.inference)
    inference.push_back({{"id", c.id}, {"demand", c.demand}, {"factor", c.factor}});
  for (const RetrainingConfig& c : stream.retraining)
    retraining.push_back({{"id", c.id}, {"work_s", c.work_s}, {"accuracy", c.accuracy}, {"max_share", c.max_share}});
  Ordered json = {{"id", stream.id}, {"accuracy", stream.accuracy}, {"labelling_demand", stream.labelling_demand}};
  if (stream.min_accuracy) json["min_accuracy"] = *stream.min_accuracy;
  json["inference"] = std::move(inference);
  json["retraining"] = std::move(retraining);
  json["running"] = stream.running;
  return json;
}

Ordered write(const StreamPlan& stream) {
  return {{"id", stream.id},
          {"inference_config", stream.inference_config},
          {"retraining_config", stream.retraining_config},
          {"inference_share", stream.inference_share},
          {"labelling_share", stream.labelling_share},
          {"retraining_share", stream.retraining_share},
          {"expected_accuracy", stream.expected_accuracy}};
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
  Ordered json = {{"window_s", problem.window_s}, {"quantum", problem.quantum}, {"min_accuracy", problem.min_accuracy}};
  json["devices"] = Ordered::array({Ordered{{"id", problem.device}, {"capacity", problem.capacity}}});
  json["streams"] = Ordered::array();
  for (const Stream& stream : problem.streams) json["streams"].push_back(write(stream));
  return text_of(json);
}

std::string to_json(const Plan& plan) {
  Ordered json = {{"policy", plan.policy}, {"mean_accuracy", plan.mean_accuracy}, {"decision_s", plan.decision_s}};
  json["streams"] = Ordered::array();
  for (const StreamPlan& stream : plan.streams) json["streams"].push_back(write(stream));
  return text_of(json);
}

}  // namespace ekya::scheduler
