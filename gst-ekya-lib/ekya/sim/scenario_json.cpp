// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/sim/scenario_json.h"

#include "ekya/base/strict_json.h"
#include "ekya/scheduler/problem_parts_json.h"

namespace ekya::sim {
namespace {

using scheduler::write;
using strict_json::Fields;
using strict_json::Json;
using strict_json::Ordered;
using strict_json::Trouble;

/// Deepest nesting of the format: object, streams, stream, scenes, scene, retraining, config.
constexpr int kDeepest = 7;

/// A problem's config whose `work_s` and `accuracy` are the truth; what is believed stands beside where it differs.
TrueConfig read_config(const Json& json, const std::string& place, Trouble& trouble) {
  TrueConfig config;
  Fields fields(json, place, trouble);
  fields.string("id", config.believed.id);
  fields.number("work_s", config.work_s);
  fields.number("accuracy", config.accuracy);
  config.believed.work_s = config.work_s;
  config.believed.accuracy = config.accuracy;
  fields.maybe_number("believed_work_s", config.believed.work_s);
  fields.maybe_number("believed_accuracy", config.believed.accuracy);
  fields.maybe_number("max_share", config.believed.max_share);
  fields.maybe_number("memory_mb", config.believed.memory_mb);
  fields.maybe_number("work_sd_s", config.believed.work_sd_s);
  fields.maybe_number("accuracy_sd", config.believed.accuracy_sd);
  return config;
}

Scene read_scene(const Json& json, const std::string& place, Trouble& trouble) {
  Scene scene;
  Fields fields(json, place, trouble);
  fields.number("begin_s", scene.begin_s);
  fields.maybe_number("drop", scene.drop);
  fields.maybe_number("cached_accuracy", scene.cached_accuracy);
  fields.maybe_array("retraining", [&](const Json& config, const std::string& here) {
    scene.retraining.push_back(read_config(config, here, trouble));
  });
  return scene;
}

ScenarioStream read_stream(const Json& json, const std::string& place, Trouble& trouble) {
  ScenarioStream stream;
  Fields fields(json, place, trouble);
  fields.string("id", stream.id);
  fields.number("accuracy", stream.accuracy);
  fields.maybe_number("weight", stream.weight);
  fields.maybe_number("min_accuracy", stream.min_accuracy);
  fields.maybe_number("labelling_demand", stream.labelling_demand);
  fields.maybe_number("upload_mbit", stream.upload_mbit);
  fields.maybe_number("model_mbit", stream.model_mbit);
  fields.maybe_array("inference", [&](const Json& config, const std::string& here) {
    stream.inference.push_back(scheduler::read_inference(config, here, trouble));
  });
  fields.array("scenes", [&](const Json& scene, const std::string& here) {
    stream.scenes.push_back(read_scene(scene, here, trouble));
  });
  return stream;
}

Scenario read_scenario(const Json& json, Trouble& trouble) {
  Scenario scenario;
  Fields fields(json, "", trouble);
  fields.number("window_s", scenario.window_s);
  fields.integer("windows", scenario.windows);
  fields.number("quantum", scenario.quantum);
  fields.number("min_accuracy", scenario.min_accuracy);
  fields.maybe_number("kappa", scenario.kappa);
  fields.maybe_number("label_delay_s", scenario.label_delay_s);
  fields.maybe_number("swap_delay_s", scenario.swap_delay_s);
  scenario.devices.clear();
  fields.array("devices", [&](const Json& device, const std::string& place) {
    scenario.devices.push_back(scheduler::read_device(device, place, trouble));
  });
  fields.maybe_object("cloud", [&](const Json& cloud, const std::string& place) {
    scenario.cloud = scheduler::read_cloud(cloud, place, trouble);
  });
  fields.array("streams", [&](const Json& stream, const std::string& place) {
    scenario.streams.push_back(read_stream(stream, place, trouble));
  });
  return scenario;
}

Ordered write(const TrueConfig& config) {
  return {{"id", config.believed.id},
          {"work_s", config.work_s},
          {"accuracy", config.accuracy},
          {"believed_work_s", config.believed.work_s},
          {"believed_accuracy", config.believed.accuracy},
          {"max_share", config.believed.max_share},
          {"memory_mb", config.believed.memory_mb},
          {"work_sd_s", config.believed.work_sd_s},
          {"accuracy_sd", config.believed.accuracy_sd}};
}

Ordered write(const Scene& scene);
Ordered write(const ScenarioStream& stream);

template <typename Item>
Ordered write_all(const std::vector<Item>& items) {
  Ordered json = Ordered::array();
  for (const Item& item : items) json.push_back(write(item));
  return json;
}

Ordered write(const Scene& scene) {
  return {{"begin_s", scene.begin_s},
          {"drop", scene.drop},
          {"cached_accuracy", scene.cached_accuracy},
          {"retraining", write_all(scene.retraining)}};
}

Ordered write(const ScenarioStream& stream) {
  Ordered json = {{"id", stream.id}, {"accuracy", stream.accuracy}, {"weight", stream.weight}};
  if (stream.min_accuracy) json["min_accuracy"] = *stream.min_accuracy;
  json["labelling_demand"] = stream.labelling_demand;
  json["upload_mbit"] = stream.upload_mbit;
  json["model_mbit"] = stream.model_mbit;
  json["inference"] = write_all(stream.inference);
  json["scenes"] = write_all(stream.scenes);
  return json;
}

}  // namespace

Result<Scenario> scenario_from_json(std::string_view text) {
  Result<Scenario> scenario = strict_json::read(text, kLargestScenario, kDeepest, read_scenario);
  if (!scenario) return scenario;
  if (Status s = validate(*scenario); !s) return s.error();
  return scenario;
}

std::string to_json(const Scenario& scenario) {
  Ordered json = {
      {"window_s", scenario.window_s},         {"windows", scenario.windows}, {"quantum", scenario.quantum},
      {"min_accuracy", scenario.min_accuracy}, {"kappa", scenario.kappa},     {"label_delay_s", scenario.label_delay_s},
      {"swap_delay_s", scenario.swap_delay_s}};
  json["devices"] = write_all(scenario.devices);
  if (scenario.cloud) json["cloud"] = write(*scenario.cloud);
  json["streams"] = write_all(scenario.streams);
  return strict_json::text_of(json);
}

}  // namespace ekya::sim
