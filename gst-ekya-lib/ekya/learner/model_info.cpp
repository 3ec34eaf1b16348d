// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "ekya/base/printable.h"
#include "ekya/base/stream_id.h"
#include "ekya/learner/model.h"

namespace ekya::learner {
namespace {

using nlohmann::json;

constexpr std::size_t kMostLabels = 4096, kLongestLabel = 256;
constexpr int kSmallestInput = 8, kLargestInput = 1024;
constexpr double kWidest = 64;
constexpr int kWidestHead = 4096;
constexpr char kArchitecture[] = "ekya.architecture", kWidth[] = "ekya.width", kHeadWidth[] = "ekya.head_width",
               kLabels[] = "ekya.labels", kInputSize[] = "ekya.input_size", kMean[] = "ekya.mean", kStd[] = "ekya.std",
               kGeneration[] = "ekya.generation", kAccuracy[] = "ekya.accuracy", kOrigin[] = "ekya.origin",
               kTask[] = "ekya.task", kAnchors[] = "ekya.anchors", kClassification[] = "classification",
               kDetection[] = "detection";
constexpr std::size_t kMostAnchorValues = 64;

Error wrong(const std::string& key, const std::string& found, const std::string& expected) {
  return {ErrorCode::kCorrupt, "metadata " + key + " is '" + printable(found) + "'; expected " + expected};
}

const std::string* find(const WeightsFile& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? nullptr : &found->second;
}

Status read_text(const WeightsFile& file, const std::string& key, std::string& value) {
  const std::string* text = find(file, key);
  if (!text)
    return Error{ErrorCode::kCorrupt, "metadata " + key + " is missing, so what model this is remains unknown"};
  value = *text;
  return {};
}

/// Leaves `value` where the key is missing.
template <typename Number>
Status read_number(const WeightsFile& file, const std::string& key, Number least, Number most, Number& value) {
  const std::string* text = find(file, key);
  if (!text) return {};
  Number number{};
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (failed != std::errc() || end != text->data() + text->size() || !(number >= least && number <= most))
    return wrong(key, *text, "a number from " + json(least).dump() + " to " + json(most).dump());
  value = number;
  return {};
}

/// A JSON array without arrays or objects inside: copies and dumps of deep ones would overflow the stack. Else null.
json read_array(const WeightsFile& file, const std::string& key, std::size_t least, std::size_t most) {
  const std::string* text = find(file, key);
  if (!text) return {};
  bool nested = false;
  const auto watch = [&](int depth, json::parse_event_t event, json&) {
    nested |= depth > 0 && (event == json::parse_event_t::array_start || event == json::parse_event_t::object_start);
    return !nested;
  };
  json array = json::parse(*text, watch, /*allow_exceptions=*/false);
  if (nested || !array.is_array() || array.size() < least || array.size() > most) return {};
  return array;
}

bool is_label(const json& label) {
  if (!label.is_string()) return false;
  const auto& text = label.get_ref<const std::string&>();
  return !text.empty() && text.size() <= kLongestLabel &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

Status read_labels(const WeightsFile& file, std::vector<std::string>& labels) {
  std::string text;
  if (auto found = read_text(file, kLabels, text); !found) return found;
  const json array = read_array(file, kLabels, 1, kMostLabels);
  if (array.is_null()) return wrong(kLabels, text, "a JSON array of 1 to 4096 labels");
  std::set<std::string> seen;
  for (const json& label : array) {
    if (!is_label(label)) return wrong(kLabels, label.dump(), "texts of 1 to 256 bytes without control characters");
    if (!seen.insert(label).second) return wrong(kLabels, label, "each label once");
    labels.push_back(label);
  }
  return {};
}

Status read_channels(const WeightsFile& file, const std::string& key, bool positive, std::array<float, 3>& values) {
  std::string text;
  if (auto found = read_text(file, key, text); !found) return found;
  const std::string expected = positive ? "a JSON array of 3 numbers > 0" : "a JSON array of 3 numbers";
  const json array = read_array(file, key, values.size(), values.size());
  if (array.is_null()) return wrong(key, text, expected);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = array[i].is_number() ? array[i].get<double>() : NAN;
    if (!(std::abs(value) <= std::numeric_limits<float>::max())) return wrong(key, text, expected);
    values[i] = static_cast<float>(value);
    if (positive && values[i] <= 0) return wrong(key, text, expected);
  }
  return {};
}

Status read_accuracy(const WeightsFile& file, double& accuracy) {
  if (auto read = read_number(file, kAccuracy, -1.0, 1.0, accuracy); !read) return read;
  if (accuracy == -1 || accuracy >= 0) return {};
  return wrong(kAccuracy, json(accuracy).dump(), "a number from 0 to 1, or -1 for not measured");
}

/// Missing: a classifier, as in files older than the key.
Status read_task(const WeightsFile& file, ModelTask& task) {
  const std::string* text = find(file, kTask);
  if (!text || *text == kClassification) return {};
  if (*text != kDetection) return wrong(kTask, *text, "classification or detection");
  task = ModelTask::kDetection;
  return {};
}

Status read_anchors(const WeightsFile& file, std::vector<float>& anchors) {
  const std::string* text = find(file, kAnchors);
  if (!text) return {};
  const std::string expected = "a JSON array of up to 64 numbers from 0.1 to 4096, an even number of them";
  const json array = read_array(file, kAnchors, 2, kMostAnchorValues);
  if (array.is_null() || array.size() % 2 != 0) return wrong(kAnchors, *text, expected);
  for (const json& value : array) {
    if (!value.is_number() || !(value.get<double>() >= 0.1 && value.get<double>() <= 4096))
      return wrong(kAnchors, *text, expected);
    anchors.push_back(value.get<float>());
  }
  return {};
}

/// Shortest text that reads back as the same number.
std::string to_text(auto value) {
  std::array<char, 64> text;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string to_text(std::span<const float> values) {
  std::string text;
  for (const float value : values) text += (text.empty() ? "[" : ",") + to_text(value);
  return text + "]";
}

}  // namespace

Result<ModelInfo> model_info(const WeightsFile& file) {
  ModelInfo info;
  constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
  for (const Status& read :
       {read_text(file, kArchitecture, info.architecture),
        check_name(std::string("metadata ") + kArchitecture, info.architecture), read_labels(file, info.labels),
        read_number(file, kWidth, 1 / kWidest, kWidest, info.width),
        read_number(file, kHeadWidth, 0, kWidestHead, info.head_width),
        read_number(file, kInputSize, kSmallestInput, kLargestInput, info.input_size),
        read_channels(file, kMean, false, info.normalisation.mean),
        read_channels(file, kStd, true, info.normalisation.std),
        read_number(file, kGeneration, std::uint64_t{0}, kLast, info.generation), read_accuracy(file, info.accuracy),
        read_task(file, info.task), read_anchors(file, info.anchors)})
    if (!read) return Error{ErrorCode::kCorrupt, read.error().message};
  if (const std::string* origin = find(file, kOrigin)) info.origin = *origin;
  return info;
}

void set_model_info(WeightsFile& file, const ModelInfo& info) {
  auto& metadata = file.metadata;
  metadata[kArchitecture] = info.architecture;
  metadata[kWidth] = to_text(info.width);
  // Only where there is one: the files of older releases have no such key.
  if (info.head_width > 0)
    metadata[kHeadWidth] = to_text(info.head_width);
  else
    metadata.erase(kHeadWidth);
  metadata[kLabels] = json(info.labels).dump(-1, ' ', false, json::error_handler_t::replace);
  metadata[kInputSize] = to_text(info.input_size);
  metadata[kMean] = to_text(std::span<const float>(info.normalisation.mean));
  metadata[kStd] = to_text(std::span<const float>(info.normalisation.std));
  metadata[kGeneration] = to_text(info.generation);
  metadata[kAccuracy] = to_text(info.accuracy);
  metadata[kOrigin] = info.origin;
  metadata.erase(kTask);
  metadata.erase(kAnchors);
  if (info.task == ModelTask::kDetection) metadata[kTask] = kDetection;
  if (!info.anchors.empty()) metadata[kAnchors] = to_text(std::span<const float>(info.anchors));
}

}  // namespace ekya::learner
