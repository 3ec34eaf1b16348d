// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "ekya/learner/model.h"

namespace ekya::learner {
namespace {

using nlohmann::json;

constexpr std::size_t kMostLabels = 4096, kLongestLabel = 256;
constexpr int kSmallestInput = 8, kLargestInput = 1024;

Error wrong(const std::string& key, const std::string& why) {
  return {ErrorCode::kCorrupt, "metadata " + key + ": " + why};
}

const std::string* find(const WeightsFile& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? nullptr : &found->second;
}

template <typename T>
Status read_number(const WeightsFile& file, const std::string& key, T& value) {
  const std::string* text = find(file, key);
  if (!text) return wrong(key, "is missing");
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc() || end != text->data() + text->size()) return wrong(key, "\"" + *text + "\" is no number");
  return {};
}

json read_json(const WeightsFile& file, const std::string& key) {
  const std::string* text = find(file, key);
  return text ? json::parse(*text, nullptr, /*allow_exceptions=*/false) : json(json::value_t::discarded);
}

Status read_labels(const WeightsFile& file, std::vector<std::string>& labels) {
  const std::string key = "ekya.labels";
  const json list = read_json(file, key);
  if (!list.is_array() || list.empty() || list.size() > kMostLabels) return wrong(key, "expected a list of 1 to 4096 labels");
  std::set<std::string> seen;
  for (const json& label : list) {
    if (!label.is_string() || label.get_ref<const std::string&>().empty() ||
        label.get_ref<const std::string&>().size() > kLongestLabel)
      return wrong(key, "a label is no text of 1 to 256 bytes");
    if (!seen.insert(label).second) return wrong(key, "the label \"" + label.get<std::string>() + "\" is there twice");
    labels.push_back(label);
  }
  return {};
}

Status read_channels(const WeightsFile& file, const std::string& key, std::array<float, 3>& values, bool positive) {
  if (!find(file, key)) return {};  // Plain 0..1 input.
  const json list = read_json(file, key);
  if (!list.is_array() || list.size() != values.size()) return wrong(key, "expected a list of 3 numbers");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!list[i].is_number()) return wrong(key, "expected a list of 3 numbers");
    values[i] = list[i].get<float>();
    if (!std::isfinite(values[i]) || (positive && values[i] <= 0)) return wrong(key, "a value is out of range");
  }
  return {};
}

}  // namespace

Result<ModelInfo> model_info(const WeightsFile& file) {
  ModelInfo info;
  const std::string* architecture = find(file, "ekya.architecture");
  if (!architecture) return wrong("ekya.architecture", "is missing");
  info.architecture = *architecture;
  for (const Status& status : {read_labels(file, info.labels), read_number(file, "ekya.width", info.width),
                               read_number(file, "ekya.input_size", info.input_size),
                               read_channels(file, "ekya.mean", info.normalisation.mean, false),
                               read_channels(file, "ekya.std", info.normalisation.std, true),
                               read_number(file, "ekya.generation", info.generation),
                               read_number(file, "ekya.accuracy", info.accuracy)})
    if (!status) return status.error();
  if (!std::isfinite(info.width) || info.width <= 0) return wrong("ekya.width", "is not > 0");
  if (info.input_size < kSmallestInput || info.input_size > kLargestInput)
    return wrong("ekya.input_size", std::to_string(info.input_size) + " is not in 8..1024");
  if (!(info.accuracy == -1 || (info.accuracy >= 0 && info.accuracy <= 1)))
    return wrong("ekya.accuracy", "is not in 0..1 and not -1");
  if (const std::string* origin = find(file, "ekya.origin")) info.origin = *origin;
  return info;
}

void set_model_info(WeightsFile& file, const ModelInfo& info) {
  const auto number = [](auto value) { return json(value).dump(); };
  file.metadata["ekya.architecture"] = info.architecture;
  file.metadata["ekya.width"] = number(info.width);
  file.metadata["ekya.labels"] = json(info.labels).dump(-1, ' ', false, json::error_handler_t::replace);
  file.metadata["ekya.input_size"] = number(info.input_size);
  file.metadata["ekya.mean"] = json(info.normalisation.mean).dump();
  file.metadata["ekya.std"] = json(info.normalisation.std).dump();
  file.metadata["ekya.generation"] = number(info.generation);
  file.metadata["ekya.accuracy"] = number(info.accuracy);
  file.metadata["ekya.origin"] = info.origin;
}

}  // namespace ekya::learner
