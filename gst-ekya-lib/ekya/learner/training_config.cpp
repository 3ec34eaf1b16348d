// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/training_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"

namespace ekya::learner {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestText = 64 * 1024;
constexpr std::size_t kMostConfigs = 32;

Error wrong(const std::string& place, const std::string& what) {
  return {ErrorCode::kInvalidArgument, place + ": " + what};
}

/// Reads a number in [low, high] where the key is there.
template <typename T>
Status read_number(const json& object, const std::string& place, const char* key, double low, double high, T& out) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  const std::string where = place + "." + key;
  if (std::is_integral_v<T> ? !found->is_number_integer() : !found->is_number())
    return wrong(where, std::is_integral_v<T> ? "is not a whole number" : "is not a number");
  const double value = found->template get<double>();
  if (!(value >= low && value <= high))
    return wrong(where, found->dump() + " is not in " + json(static_cast<T>(low)).dump() + ".." +
                            json(static_cast<T>(high)).dump());
  out = static_cast<T>(value);
  return {};
}

Status read_layers(const json& object, const std::string& place, TrainedLayers& out) {
  const auto found = object.find("layers");
  if (found == object.end()) return {};
  const std::string text = found->is_string() ? found->get<std::string>() : "";
  if (text != "head" && text != "all")
    return wrong(place + ".layers", "\"" + printable(text) + "\" is neither \"head\" nor \"all\"");
  out = text == "head" ? TrainedLayers::kHead : TrainedLayers::kAll;
  return {};
}

Status read_mirror(const json& object, const std::string& place, bool& out) {
  const auto found = object.find("mirror");
  if (found == object.end()) return {};
  if (!found->is_boolean()) return wrong(place + ".mirror", "is neither true nor false");
  out = found->get<bool>();
  return {};
}

Status check_keys(const json& object, const std::string& place) {
  static const std::set<std::string> known{"id",       "epochs",        "batch-size", "layers",
                                           "fraction", "learning-rate", "mirror",     "head-width"};
  for (const auto& item : object.items())
    if (!known.contains(item.key())) return wrong(place, "unknown key \"" + printable(item.key()) + "\"");
  return {};
}

Status read_id(const json& object, const std::string& place, std::string& out) {
  if (!object.contains("id") || !object["id"].is_string()) return wrong(place + ".id", "is missing or is no string");
  out = object["id"].get<std::string>();
  if (Status checked = check_name(place + ".id", out); !checked) return checked;
  if (out == kProbeConfig) return wrong(place + ".id", "\"probe\" is the name of the first measurement; take another");
  return {};
}

Result<TrainingConfig> read_config(const json& object, const std::string& place) {
  if (!object.is_object()) return wrong(place, "is not an object");
  TrainingConfig config;
  Status status = check_keys(object, place);
  if (status) status = read_id(object, place, config.id);
  if (status) status = read_layers(object, place, config.layers);
  if (status) status = read_number(object, place, "epochs", 1, 1000, config.epochs);
  if (status) status = read_number(object, place, "batch-size", 1, 1024, config.batch_size);
  if (status) status = read_number(object, place, "fraction", 0.01, 1, config.fraction);
  if (status) status = read_number(object, place, "learning-rate", 1e-6, 10, config.learning_rate);
  if (status) status = read_mirror(object, place, config.mirror);
  if (status) status = read_number(object, place, "head-width", 0, 4096, config.head_width);
  if (!status) return status.error();
  return config;
}

}  // namespace

std::vector<TrainingConfig> default_training_configs() {
  struct Kind {
    const char* name;
    TrainedLayers layers;
    int head_width;
    std::array<int, 3> epochs;
    double learning_rate;
  };
  constexpr Kind kKinds[]{{"head", TrainedLayers::kHead, 0, {5, 15, 30}, 0.08},
                          {"head-w64", TrainedLayers::kHead, 64, {5, 15, 30}, 0.08},
                          {"all", TrainedLayers::kAll, 0, {2, 4, 8}, 0.03}};
  std::vector<TrainingConfig> configs;
  for (const Kind& kind : kKinds)
    for (const double fraction : {0.5, 1.0})
      for (const int epochs : kind.epochs)
        configs.push_back({std::string(kind.name) + "-e" + std::to_string(epochs) + (fraction < 1 ? "-d50" : ""),
                           epochs, 32, kind.layers, fraction, kind.learning_rate, false, kind.head_width});
  return configs;
}

Result<std::vector<TrainingConfig>> parse_training_configs(std::string_view text) {
  if (text.empty()) return default_training_configs();
  if (text.size() > kLongestText) return wrong("configs", "longer than 64 KiB");
  const json list = json::parse(text, nullptr, false);
  if (list.is_discarded() || !list.is_array())
    return wrong("configs", "\"" + printable(text) + R"(" is not a JSON list of objects such as [{"id": "head-e5"}])");
  if (list.empty() || list.size() > kMostConfigs) return wrong("configs", "has not 1 to 32 entries");
  std::vector<TrainingConfig> configs;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = "configs[" + std::to_string(i) + "]";
    auto config = read_config(list[i], place);
    if (!config) return config.error();
    if (!ids.insert(config->id).second) return wrong(place + ".id", "\"" + config->id + "\" is there twice");
    configs.push_back(*std::move(config));
  }
  return configs;
}

int count_steps(const TrainingConfig& config, int samples) {
  const double used = std::max(1.0, std::floor(config.fraction * std::max(0, samples)));
  const double batches = std::ceil(used / std::max(1, config.batch_size));
  return static_cast<int>(std::min(1e9, batches * std::max(1, config.epochs)));
}

profiler::Candidate candidate(const TrainingConfig& config) {
  const bool head = config.layers == TrainedLayers::kHead;
  const json family{head ? "head" : "all", config.head_width, config.batch_size, config.learning_rate, config.mirror};
  return {config.id, family.dump(), head, config.epochs, config.fraction, config.batch_size};
}

}  // namespace ekya::learner
