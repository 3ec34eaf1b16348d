// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/scheduler/problem_parts_json.h"

#include <limits>

namespace ekya::scheduler {

using strict_json::Fields;
using strict_json::Json;
using strict_json::Ordered;
using strict_json::Trouble;

namespace {

CurvePoint read_point(const Json& json, const std::string& place, Trouble& trouble) {
  if (json.is_array() && json.size() == 2 && json[0].is_number() && json[1].is_number())
    return {json[0].get<double>(), json[1].get<double>()};
  trouble.add(place, "is not a pair [share, speed] of numbers");
  return {};
}

}  // namespace

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

Ordered write(const InferenceConfig& c) { return {{"id", c.id}, {"demand", c.demand}, {"factor", c.factor}}; }

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

Ordered write(const Cloud& cloud) {
  return {{"uplink_mbps", cloud.uplink_mbps}, {"downlink_mbps", cloud.downlink_mbps}, {"delay_s", cloud.delay_s}};
}

}  // namespace ekya::scheduler
